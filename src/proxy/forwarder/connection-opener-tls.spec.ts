import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket, type TlsOptions } from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeCertificate, type Certificate } from '../../../test/support/certificate.js';
import { closeLater } from '../../../test/support/cleanup.js';
import { backendAt } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { startRawBackend } from '../../../test/support/raw-backend.js';
import { openFiles } from '../../platform/open-files.js';
import type { BackendTls } from '../../upstream/backend-tls.js';
import { ConnectFailure } from './attempt-failure.js';
import { ConnectionOpener } from './connection-opener.js';
import { Deadlines } from './deadlines.js';
import type { Http1Connection } from './http1-connection.js';

/** A TLS server, and what it knows of each connection. */
async function startServer({ cert, key }: Certificate, options: TlsOptions = {}) {
  const seen: TLSSocket[] = [];
  const server = tls.createServer({ cert, key, ...options }, socket => seen.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    for (const socket of seen) socket.destroy();
    server.close();
  });
  return { seen, port: (server.address() as AddressInfo).port };
}

function openerOf(url: string, tlsOf?: BackendTls, connectTimeout = 5_000): ConnectionOpener {
  return new ConnectionOpener(
    backendAt(url),
    { connectTimeout, tls: tlsOf, rules: { maxHead: 1_000 } },
    new Deadlines(),
  );
}

/** The connection that the opener opens. Rejects with why there is none. */
async function open(opener: ConnectionOpener): Promise<Http1Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Http1Connection>();
  opener.open({ closed: () => {} }, false, resolve, reject);
  const connection = await promise;
  closeLater(() => connection.close());
  return connection;
}

/** Why the opener opens none. */
const failure = (opener: ConnectionOpener): Promise<unknown> =>
  open(opener).then(
    () => 'opened',
    (error: unknown) => error,
  );

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a connection over TLS', () => {
  it('asks for the name of the backend, and speaks HTTP/1.1 with a server that could do HTTP/2', async () => {
    const certificate = await makeCertificate();
    const { port, seen } = await startServer(certificate, { ALPNProtocols: ['h2', 'http/1.1'] });
    await open(openerOf(`https://localhost:${port}`, { ca: certificate.cert, verify: true }));
    const [socket] = await eventually(() => seen.length === 1 && seen);
    expect([socket!.alpnProtocol, (socket as unknown as { servername: string }).servername]).toEqual([
      'http/1.1',
      'localhost',
    ]);
  });

  it('is none with a server that speaks nothing but HTTP/2', async () => {
    const certificate = await makeCertificate();
    const { port } = await startServer(certificate, { ALPNProtocols: ['h2'] });
    const error = await failure(openerOf(`https://localhost:${port}`, { ca: certificate.cert, verify: true }));
    expect(String(error)).toMatch(/alert|ALPN|protocol/i);
  });

  it('asks for another name where one is set, and verifies the certificate for that', async () => {
    const certificate = await makeCertificate({ names: ['app.internal'] });
    const { port, seen } = await startServer(certificate);
    const own = { ca: certificate.cert, verify: true };
    await open(openerOf(`https://127.0.0.1:${port}`, { ...own, serverName: 'app.internal' }));
    await eventually(() => expect(seen.map(each => Reflect.get(each, 'servername'))).toEqual(['app.internal']));
    expect(await failure(openerOf(`https://127.0.0.1:${port}`, own))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it.each([
    [true, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [false, undefined],
  ])('to a certificate that no authority has signed: verified %s, %s', async (verify, code) => {
    const { port } = await startServer(await makeCertificate());
    const outcome = await failure(openerOf(`https://localhost:${port}`, { verify }));
    if (code === undefined) expect(outcome).toBe('opened');
    else expect(outcome).toMatchObject({ code });
  });

  it('resumes the session of the one before', async () => {
    const certificate = await makeCertificate();
    const { port, seen } = await startServer(certificate);
    const opener = openerOf(`https://localhost:${port}`, { ca: certificate.cert, verify: true });
    const first = await open(opener);
    // The tickets of TLS 1.3 come behind the handshake.
    await once(first.socket, 'session');
    await open(opener);
    await eventually(() => expect(seen.map(each => each.isSessionReused())).toEqual([false, true]));
  });

  it('reads and takes what comes as one without TLS does', async () => {
    const certificate = await makeCertificate();
    const { port, seen } = await startServer(certificate);
    const connection = await open(openerOf(`https://localhost:${port}`, { ca: certificate.cert, verify: true }));
    const read: string[] = [];
    connection.carry(
      {
        headRead: reader => read.push(String(reader.status)),
        bodyRead: piece => read.push(piece.toString()),
        responseRead: () => read.push('whole'),
        switched: () => {},
        faulty: ({ message }) => read.push(message),
        lost: () => read.push('lost'),
        drained: () => {},
        waits: () => {},
      },
      false,
    );
    await eventually(() => seen.length === 1);
    seen[0]!.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    await eventually(() => expect(read).toContain('the connection ended within the message'));
    expect(read.slice(0, 2)).toEqual(['200', 'half']);
  });
});

describe('a connection over TLS that does not come to stand', () => {
  it('is given up after the time that it has, to the millisecond, and closed', async () => {
    // It says nothing of TLS.
    const backend = await startRawBackend();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const told: unknown[] = [];
    const opener = openerOf(backend.url.replace('http:', 'https:'), undefined, 400);
    opener.open({ closed: () => {} }, false, told.push.bind(told), told.push.bind(told));
    while (backend.connections.length === 0) await turn();
    vi.advanceTimersByTime(399);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect((told[0] as ConnectFailure).gatewayError).toMatchObject({
      code: 'CONNECT_TIMEOUT',
      reason: 'no connection in 400 ms',
    });
    vi.useRealTimers();
    await backend.connections[0]!.closed;
    expect(told.length).toBe(1);
  });

  it.each(['end', 'reset'] as const)('fails when the server answers the handshake by an %s', async how => {
    const backend = await startRawBackend(async connection => {
      await once(connection.socket, 'data');
      connection[how]();
    });
    expect(await failure(openerOf(backend.url.replace('http:', 'https:')))).toMatchObject({ code: 'ECONNRESET' });
  });

  it('leaves no timer behind when it stands', async () => {
    const certificate = await makeCertificate();
    const { port } = await startServer(certificate);
    const set = vi.spyOn(globalThis, 'setTimeout');
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    await open(openerOf(`https://localhost:${port}`, { ca: certificate.cert, verify: true }, 12_345));
    const timers = set.mock.results.filter((_, at) => set.mock.calls[at]![1] === 12_345);
    expect(timers.map(({ value }) => clear.mock.calls.some(([cleared]) => cleared === value))).toEqual([true]);
  });

  it('where its own certificate cannot be read fails, throws nothing, and costs no descriptor', async () => {
    const [take, give] = [vi.spyOn(openFiles, 'take'), vi.spyOn(openFiles, 'give')];
    const opener = openerOf('https://127.0.0.1:1', { cert: 'no certificate', key: 'no key', verify: true });
    expect(await failure(opener)).toMatchObject({ code: 'ERR_OSSL_PEM_NO_START_LINE' });
    expect([take.mock.calls.length, give.mock.calls.length]).toEqual([1, 1]);
  });
});
