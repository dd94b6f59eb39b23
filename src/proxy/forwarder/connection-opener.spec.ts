import dns from 'node:dns';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { refusedPort } from '../../../test/support/backend.js';
import { closeLater } from '../../../test/support/cleanup.js';
import { backendAt } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { startRawBackend, type RawScript } from '../../../test/support/raw-backend.js';
import { tempFolder } from '../../../test/support/temp.js';
import type { Fault } from '../../http1/fault.js';
import { openFiles } from '../../platform/open-files.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import { ConnectFailure } from './attempt-failure.js';
import { ConnectionOpener, type OpenerSettings } from './connection-opener.js';
import { Deadlines } from './deadlines.js';
import { Http1Connection, type Carried } from './http1-connection.js';
import { refusesWrites } from './refused-writes.js';

const usual: OpenerSettings = { connectTimeout: 5_000, tls: undefined, rules: { maxHead: 1_000 } };

/** An exchange that keeps what it is told. */
class Exchange implements Carried {
  body = '';
  readonly told: unknown[] = [];

  headRead(): void {
    this.told.push('head');
  }

  bodyRead(piece: Buffer): void {
    this.body += piece.toString('latin1');
  }

  responseRead(): void {
    this.told.push('whole');
  }

  switched(_: Buffer): void {}

  faulty({ kind }: Fault): void {
    this.told.push(kind);
  }

  lost(error: (Error & { code?: string }) | undefined): void {
    this.told.push(error?.code ?? 'lost');
  }

  drained(): void {
    this.told.push('drained');
  }

  waits(): void {}
}

/** Opens a connection, and keeps what is told of it. */
function open(backend: LiveBackend, settings: Partial<OpenerSettings> = {}, isStream = false) {
  const opener = new ConnectionOpener(backend, { ...usual, ...settings }, new Deadlines(1));
  const told: (Http1Connection | Error)[] = [];
  const owner = { gone: 0, closed: (): void => void owner.gone++ };
  const tell = (what: Http1Connection | Error): void => void told.push(what);
  const opening = opener.open(owner, isStream, tell, tell);
  closeLater(() => {
    opening?.abandon();
    for (const one of told) if (one instanceof Http1Connection) one.close();
  });
  const outcome = (): Promise<Http1Connection | Error> => eventually(() => told[0] ?? false);
  const connection = async (): Promise<Http1Connection> => {
    const one = await outcome();
    if (one instanceof Error) throw one;
    return one;
  };
  const failure = async (): Promise<Error & { code?: string }> => {
    const one = await outcome();
    if (one instanceof Error) return one;
    throw new Error('it was opened');
  };
  return { opener, opening, owner, told, connection, failure };
}

/** A connection to a backend with this script, that carries an exchange. */
async function carrying(script: RawScript, isStream = false) {
  const backend = await startRawBackend(script);
  const opened = open(backendAt(backend.url), {}, isStream);
  const connection = await opened.connection();
  const exchange = new Exchange();
  connection.carry(exchange, false);
  return { ...opened, backend, connection, exchange };
}

/** The sockets that are opened from now on, each as soon as it is made. */
function watchSockets(): Socket[] {
  const sockets: Socket[] = [];
  const give = openFiles.giveWhenClosed.bind(openFiles);
  vi.spyOn(openFiles, 'giveWhenClosed').mockImplementation((kind, socket) => {
    sockets.push(socket as Socket);
    give(kind, socket);
  });
  return sockets;
}

const codeOf = (error: Error): unknown => (error instanceof ConnectFailure ? error.gatewayError.code : error);

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a connection that is opened', () => {
  it('is told of once it stands, and once', async () => {
    const backend = await startRawBackend();
    const { told, connection } = open(backendAt(backend.url));
    expect(told).toEqual([]);
    expect((await connection()).isUsable).toBe(true);
    await turn();
    expect(told.length).toBe(1);
  });

  it('to a unix socket stands as well', async () => {
    const path = join(await tempFolder(), 'app.sock');
    const server = net.createServer(socket => closeLater(() => socket.destroy())).listen(path);
    closeLater(() => server.close());
    await once(server, 'listening');
    const { connection } = open(backendAt('http://localhost', path));
    expect((await connection()).socket.remoteAddress).toBeUndefined();
  });

  it('to a name is made to its second address when the first refuses', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: object, done: (...found: unknown[]) => void) =>
      done(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ])) as unknown as typeof dns.lookup);
    const backend = await startRawBackend();
    const { connection } = open(backendAt(`http://two.example:${backend.port}`));
    // What it reads is read as from any other.
    const exchange = new Exchange();
    (await connection()).carry(exchange, false);
    (await backend.connection()).respond('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await eventually(() => expect(exchange.told).toEqual(['head', 'whole']));
  });

  it('that is refused fails with what the system says, once', async () => {
    const { told, failure } = open(backendAt(`http://127.0.0.1:${await refusedPort()}`));
    expect(await failure()).toMatchObject({ code: 'ECONNREFUSED' });
    await turn();
    expect(told.length).toBe(1);
  });

  it('on which the backend speaks before it was asked is none', async () => {
    const backend = await startRawBackend(connection => connection.respond('220 smtp.example ESMTP\r\n'));
    const { failure } = open(backendAt(backend.url));
    const error = await failure();
    expect([codeOf(error), error.message]).toEqual(['CONNECT_FAILED', 'the backend spoke before it was asked']);
    await (
      await backend.connection()
    ).closed;
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closed', socket => socket.destroy()],
    ['ended, and is still being closed', socket => socket.end()],
  ])('that has %s before it could be used is none', async (_, ends) => {
    const sockets = watchSockets();
    const backend = await startRawBackend();
    const { told, failure } = open(backendAt(backend.url));
    sockets[0]!.once('connect', () => ends(sockets[0]!));
    const error = await failure();
    expect([codeOf(error), error.message]).toEqual([
      'CONNECT_FAILED',
      'the connection was closed as soon as it was made',
    ]);
    expect([sockets[0]!.destroyed, told.length]).toEqual([true, 1]);
  });

  it('that is given up is closed, and nothing is told of it', async () => {
    const backend = await startRawBackend();
    const { opening, told } = open(backendAt(backend.url));
    const { closed } = await backend.connection();
    opening!.abandon();
    await closed;
    expect(told).toEqual([]);
  });

  it('is not made once the gateway shuts down', async () => {
    const backend = await startRawBackend();
    const opener = new ConnectionOpener(backendAt(backend.url), usual, new Deadlines());
    const failed = Promise.withResolvers<Error>();
    opener.close();
    expect(opener.open({ closed: () => {} }, false, () => {}, failed.resolve)).toBeUndefined();
    expect((await failed.promise).message).toBe('the gateway is shutting down');
    expect(backend.connections).toEqual([]);
  });
});

describe('a descriptor for a connection', () => {
  it('that the process does not have is told of later, and not held against the backend', async () => {
    vi.spyOn(openFiles, 'take').mockReturnValue(false);
    const { opening, told, failure } = open(backendAt('http://127.0.0.1:1'));
    expect([opening, told]).toEqual([undefined, []]);
    expect(codeOf(await failure())).toBe('EXHAUSTED');
  });

  it.each<[string, (opened: ReturnType<typeof open>) => unknown]>([
    ['is closed', async ({ connection }) => (await connection()).close()],
    ['is given up', ({ opening }) => opening!.abandon()],
  ])('is given back once when the connection %s', async (_, ends) => {
    const give = vi.spyOn(openFiles, 'give');
    const backend = await startRawBackend();
    const opened = open(backendAt(backend.url));
    await backend.connection();
    expect(give).not.toHaveBeenCalled();
    await ends(opened);
    await eventually(() => expect(give.mock.calls).toEqual([['backends']]));
  });
});

describe('a connection that stands', () => {
  it('hands on what comes, and that it ends', async () => {
    const { backend, exchange } = await carrying(() => undefined);
    backend.connections[0]!.end('HTTP/1.1 200 OK\r\n\r\nall of it');
    await eventually(() => expect(exchange.told.slice(0, 2)).toEqual(['head', 'whole']));
    expect(exchange.body).toBe('all of it');
  });

  it.each<[string, 'end' | 'reset', string]>([
    ['is ended', 'end', 'lost'],
    ['is reset', 'reset', 'ECONNRESET'],
  ])('tells once when it %s', async (_, how, told) => {
    const { backend, exchange, owner, connection } = await carrying(() => undefined);
    (await backend.connection())[how]();
    await eventually(() => connection.socket.destroyed);
    await turn();
    expect([exchange.told, owner.gone]).toEqual([[told], 1]);
  });

  it('tells when the gateway itself closes its socket', async () => {
    const { connection, exchange, owner } = await carrying(() => undefined);
    connection.socket.destroy();
    await eventually(() => expect([exchange.told, owner.gone]).toEqual([['lost'], 1]));
  });

  it('reads what the backend has said before it took no more', async () => {
    const { backend, connection, exchange } = await carrying(() => undefined);
    const { socket } = connection;
    socket.pause();
    const other = backend.connections[0]!;
    other.respond('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
    other.socket.destroy();
    await other.closed;
    await eventually(() => (socket.write('more of the request'), refusesWrites(socket)));
    expect([exchange.told, socket.destroyed]).toEqual([[], false]);
    socket.resume();
    await eventually(() => expect(exchange.told.slice(0, 2)).toEqual(['head', 'whole']));
    expect(exchange.body).toBe('no');
  });

  it('tells when it takes more to write', async () => {
    const { backend, connection, exchange } = await carrying(one => one.pause());
    const { socket } = connection;
    while (socket.write(Buffer.alloc(1024 * 1024)));
    await turn();
    expect(exchange.told).toEqual([]);
    backend.connections[0]!.resume();
    await eventually(() => expect(exchange.told).toEqual(['drained']));
  });

  it('is closed when it has been unused for too long, and watched no more', async () => {
    const { backend, connection, owner } = await carrying(() => undefined);
    connection.free();
    connection.deadline = performance.now();
    await backend.connections[0]!.closed;
    await eventually(() => expect(connection.slot).toBe(-1));
    expect(owner.gone).toBe(1);
  });

  it('does not keep in memory what it was opened for', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const backend = await startRawBackend();
    const opener = new ConnectionOpener(backendAt(backend.url), usual, new Deadlines());
    const owner = { closed: () => {} };
    const stands = Promise.withResolvers<Http1Connection>();
    const ask = (): WeakRef<object> => {
      const request = { resolve: stands.resolve, reject: stands.reject };
      const opened = (connection: Http1Connection): void => request.resolve(connection);
      opener.open(owner, false, opened, error => request.reject(error));
      return new WeakRef(request);
    };
    const request = ask();
    const connection = await stands.promise;
    await eventually(() => (collect(), request.deref() === undefined));
    expect(connection.isUsable).toBe(true);
    connection.close();
  });
});

describe('a connection that can switch its protocol', () => {
  it('leaves its socket to be read as a stream, from the first byte of the other protocol on', async () => {
    const { backend, connection, exchange, owner } = await carrying(() => undefined, true);
    exchange.headRead = () => connection.handOver();
    let came = '';
    exchange.switched = (rest: Buffer) => {
      came += rest.toString();
      connection.socket.on('data', (chunk: Buffer) => (came += chunk.toString()));
    };
    const other = await backend.connection();
    other.respond('HTTP/1.1 101 Switching Protocols\r\n\r\none ');
    await eventually(() => came === 'one ');
    other.respond('two');
    await eventually(() => expect(came).toBe('one two'));
    expect([owner.gone, connection.slot, connection.socket.listenerCount('data')]).toEqual([1, -1, 1]);
  });

  it('joins small pieces while it is not read', async () => {
    const { backend, connection, exchange } = await carrying(() => undefined, true);
    const other = await backend.connection();
    other.respond('HTTP/1.1 200 OK\r\n\r\n');
    await eventually(() => exchange.told.length === 1);
    connection.socket.pause();
    let pieces = 0;
    exchange.bodyRead = (piece: Buffer) => {
      pieces++;
      exchange.body += piece.toString();
    };
    for (let sent = 0; sent < 100; sent++) {
      other.respond('a');
      await turn();
    }
    await eventually(() => connection.socket.bytesRead === 'HTTP/1.1 200 OK\r\n\r\n'.length + 100);
    connection.socket.resume();
    await eventually(() => exchange.body.length === 100);
    expect(pieces).toBeLessThan(10);
  });
});
