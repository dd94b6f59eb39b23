import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answering, ok } from '../../../test/support/carried-scene.js';
import { closeLater } from '../../../test/support/cleanup.js';
import { backendAt, plainRequest, RecordedAttempt } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { always, startRawBackend, type RawScript } from '../../../test/support/raw-backend.js';
import type { Lenience } from '../../config/file/upstream.config.js';
import { ClientTie } from '../client/client-tie.js';
import { BackendPools } from './backend-pools.js';
import type { ForwardRequest } from './forwarder.js';
import { Http1Forwarder } from './http1-forwarder.js';

const silent: RawScript = () => undefined;

/** A forwarder to a backend with this script, over at most two connections. */
async function start(script: RawScript, lenient: readonly Lenience[] = []) {
  const server = await startRawBackend(script);
  const backend = backendAt(server.url);
  const connections = { max: 2, idleTimeout: 10_000 };
  const forwarder = new Http1Forwarder(new BackendPools({ connections, connectTimeout: 5_000, lenient }));
  closeLater(() => forwarder.close());
  const send = (change: Partial<ForwardRequest> = {}): RecordedAttempt => {
    const observer = new RecordedAttempt();
    forwarder.forward({ ...plainRequest, ...change }, backend, observer);
    return observer;
  };
  const figures = (): readonly number[] => {
    const { active, idle, pending } = forwarder.connections(backend);
    return [active, idle, pending];
  };
  return { server, backend, forwarder, send, figures };
}

describe('the default forwarder', () => {
  it('has requests share connections, as many as they may be', async () => {
    const { server, send, figures } = await start(silent);
    const observers = [send(), send(), send()];
    await eventually(() => expect(figures()).toEqual([2, 0, 1]));
    for (const connection of server.connections) connection.respond(ok);
    await Promise.all(observers.slice(0, 2).map(one => one.over()));
    await eventually(() => server.connections.some(({ heads }) => heads === 2));
    expect([figures(), observers[2]!.told]).toEqual([[1, 1, 0], ['sent']]);
    for (const connection of server.connections) if (connection.heads === 2) connection.respond(ok);
    await observers[2]!.over();
    expect(figures()).toEqual([0, 2, 0]);
  });

  it('gives what may last a connection beyond the limit, which the next such request may use', async () => {
    const { server, send, figures } = await start(silent);
    const shared = [send(), send()];
    await eventually(() => figures()[0] === 2);
    const lasting = [1, 2, 3].map(() => send({ ownConnection: true }));
    await eventually(() => expect(figures()).toEqual([5, 0, 0]));
    server.connections[2]!.respond(ok);
    await eventually(() => lasting.some(({ told }) => told.includes('end')));
    // It is kept, and does not count while it is not used.
    expect(figures()).toEqual([4, 0, 0]);
    const next = send({ ownConnection: true });
    await server.connections[2]!.head(2);
    expect([server.connections.length, next.told, shared[0]!.told]).toEqual([5, ['sent'], ['sent']]);
  });

  it('has an offer of another protocol go over a connection that carries nothing else', async () => {
    const { server, send, figures } = await start(always(ok));
    await send().over();
    await send({ upgrade: 'websocket' }).over();
    expect([server.connections.map(({ heads }) => heads), figures()]).toEqual([
      [1, 1],
      [0, 1, 0],
    ]);
    await server.connections[1]!.closed;
  });

  it('counts an offer until it is answered', async () => {
    const { server, send, figures } = await start(silent);
    const observer = send({ upgrade: 'websocket' });
    await eventually(() => expect(figures()).toEqual([1, 0, 0]));
    server.connections[0]!.respond(ok);
    await observer.over();
    expect(figures()).toEqual([0, 0, 0]);
  });

  it('counts tunnels no more, and its connections again when they are closed', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
    const { send, figures } = await start(answering(switching));
    const observer = send({ upgrade: 'websocket' });
    await observer.over();
    expect(figures()).toEqual([0, 0, 0]);
    observer.connection!.destroy();
  });

  it('has each backend have connections of its own', async () => {
    const { forwarder, send, figures } = await start(always(ok));
    const other = await startRawBackend(always(ok));
    await send().over();
    const observer = new RecordedAttempt();
    const second = backendAt(other.url);
    forwarder.forward(plainRequest, second, observer);
    await observer.over();
    expect([figures(), forwarder.connections(second)]).toEqual([[0, 1, 0], { active: 0, idle: 1, pending: 0 }]);
  });

  it('tells of a request that cannot be written, and throws nothing', async () => {
    const { send, figures } = await start(always(ok));
    await send().over();
    expect(send({ path: '/a b' }).told).toEqual(['sent', 'DENIED']);
    expect(figures()).toEqual([0, 0, 0]);
  });
});

describe('a client that is tied to its connections', () => {
  it('has one for itself, which ends with it', async () => {
    const { server, send, figures } = await start(always(ok));
    const [one, other] = [new ClientTie(), new ClientTie()];
    await send().over();
    await send({ tie: one }).over();
    await send({ tie: other }).over();
    await send({ tie: one }).over();
    expect([server.connections.map(({ heads }) => heads), figures()]).toEqual([
      [1, 2, 1],
      [0, 3, 0],
    ]);
    one.end();
    await server.connections[1]!.closed;
    await eventually(() => expect(figures()).toEqual([0, 2, 0]));
  });

  it('and goes while it is answered, or waits for a connection, leaves nothing behind', async () => {
    const { server, send, figures } = await start(silent);
    const tie = new ClientTie();
    const answered = send({ tie });
    await eventually(() => answered.told.length === 1);
    const waiting = send({ tie });
    tie.end();
    expect(await waiting.over()).toEqual(['CONNECT_FAILED']);
    expect(await answered.over()).toEqual(['sent', 'RESET']);
    await server.connections[0]!.closed;
    expect(figures()).toEqual([0, 0, 0]);
  });

  it('and has gone already is given none that lasts', async () => {
    const { server, send, figures } = await start(always(ok));
    const [tie, other] = [new ClientTie(), new ClientTie()];
    await send({ tie }).over();
    for (const one of [tie, other]) {
      one.end();
      // It must not be asked any more: it would keep what it is told for ever.
      one.onEnd = () => expect.unreachable();
      await send({ tie: one }).over();
    }
    await Promise.all(server.connections.map(({ closed }) => closed));
    expect([server.connections.length, figures()]).toEqual([3, [0, 0, 0]]);
  });

  it('can switch the protocol of that connection', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
    const { server, send } = await start(
      answering(ok, async one => {
        await one.head(2);
        one.respond(`${switching}frame`);
      }),
    );
    const tie = new ClientTie();
    await send({ tie }).over();
    const second = send({ tie, upgrade: 'websocket' });
    expect(await second.over()).toEqual(['sent', 'upgraded']);
    expect([second.body, server.connections.length]).toEqual(['frame', 1]);
    second.connection!.destroy();
  });
});

describe('the default forwarder, once it is closed,', () => {
  it('has closed what was used, what was not, and what was being made', async () => {
    const { server, forwarder, send, figures } = await start(answering(''));
    const used = send();
    await eventually(() => used.told.length === 1);
    const making = send();
    await forwarder.close();
    expect(await making.over()).toEqual(['CONNECT_FAILED']);
    expect(await used.over()).toEqual(['sent', 'RESET']);
    await Promise.all(server.connections.map(({ closed }) => closed));
    expect(figures()).toEqual([0, 0, 0]);
  });

  it.each<[string, Partial<ForwardRequest>]>([
    ['request', {}],
    ['upgrade', { upgrade: 'websocket' }],
    ['stream', { ownConnection: true }],
    ['request of a tied client', { tie: new ClientTie() }],
  ])('opens no connection for another %s', async (_, change) => {
    const { server, forwarder, backend, send } = await start(always(ok));
    await send().over();
    await forwarder.close();
    for (const to of [backend, backendAt(server.url)]) {
      const observer = new RecordedAttempt();
      forwarder.forward({ ...plainRequest, ...change }, to, observer);
      expect(await observer.over()).toEqual(['CONNECT_FAILED']);
      expect(observer.error!.reason).toBe('the gateway is shutting down');
    }
    await turn();
    expect(server.connections.length).toBe(1);
  });
});

describe('an answer of an old backend', () => {
  it.each<[Lenience, string]>([
    ['bare-lf', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['chunk-spaces', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nok\r\n0\r\n\r\n'],
    ['repeated-length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ])('is read where %s is allowed, and with nothing else', async (lenience, bytes) => {
    const others = (['bare-lf', 'chunk-spaces', 'repeated-length'] as const).filter(one => one !== lenience);
    const lenient = (await start(answering(bytes), [lenience])).send();
    const strict = (await start(answering(bytes), others)).send();
    expect(await lenient.over()).toEqual(['sent', 200, 'end']);
    expect([lenient.body, (await strict.over()).at(-1)]).toEqual(['ok', expect.stringMatching(/PROTOCOL|BODY_BROKEN/)]);
  });
});
