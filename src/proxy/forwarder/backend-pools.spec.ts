import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../test/support/certificate.js';
import { closeLater } from '../../../test/support/cleanup.js';
import { backendAt, openPools, plainRequest, RecordedAttempt } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { startRawBackend } from '../../../test/support/raw-backend.js';
import { ClientTie } from '../client/client-tie.js';
import { BackendPools } from './backend-pools.js';
import { Http1Forwarder } from './http1-forwarder.js';

describe('the connections to the backends of an upstream', () => {
  it('are of three kinds for node:http: shared, for one request, and for one client', () => {
    const pools = openPools();
    const backend = backendAt('http://127.0.0.1:1');
    const tie = new ClientTie();
    const agents = [pools.agent(backend), pools.agent(backend, true), pools.agent(backend, true, tie)];
    expect(new Set(agents).size).toBe(3);
    expect(pools.agent(backend, false, tie)).toBe(agents[2]);
  });

  it('are no more at a time than the upstream allows', async () => {
    const backend = await startRawBackend();
    const pools = openPools();
    const forwarder = new Http1Forwarder(pools);
    const live = backendAt(backend.url);
    for (let count = 0; count < 6; count++) forwarder.forward(plainRequest, live, new RecordedAttempt());
    await Promise.all([1, 2, 3, 4].map(async number => (await backend.connection(number)).head()));
    expect(forwarder.connections(live)).toEqual({ active: 4, idle: 0, pending: 2 });
    expect(backend.connections.length).toBe(4);
  });

  it('are counted, and all closed at the end', async () => {
    const backend = await startRawBackend();
    const pools = openPools();
    const live = backendAt(backend.url);
    const client = http.get(backend.url, { agent: pools.agent(live) }).on('error', () => {});
    await (await backend.connection()).head();
    expect(pools.agentFigures(live)).toEqual({ active: 1, idle: 0, pending: 0 });
    pools.close();
    await backend.connections[0]!.closed;
    expect(client.destroyed).toBe(true);
    await eventually(() => expect(pools.agentFigures(live)).toEqual({ active: 0, idle: 0, pending: 0 }));
  });
});

describe('a connection over TLS', () => {
  it.each([
    ['the name that the upstream has for the backend', { serverName: 'localhost' }, 'localhost'],
    ['no name where the backend is an address', {}, false],
  ])('asks for %s, and not for the Host that the client has sent', async (_, own, name) => {
    const { cert, key } = await makeCertificate();
    const names: unknown[] = [];
    const server = tls.createServer({ cert, key }, socket => {
      names.push(socket.servername);
      socket.on('error', () => {}).on('data', () => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
    });
    server.listen(0, '127.0.0.1');
    closeLater(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const settings = { connections: { max: 1, idleTimeout: 1_000 }, connectTimeout: 5_000 };
    const forwarder = new Http1Forwarder(new BackendPools({ ...settings, tls: { verify: true, ca: cert, ...own } }));
    closeLater(() => forwarder.close());
    const backend = backendAt(`https://127.0.0.1:${port}`);
    for (const path of ['/', '*']) {
      const attempt = new RecordedAttempt();
      forwarder.forward({ ...plainRequest, method: 'OPTIONS', path, headers: ['Host', 'evil.test'] }, backend, attempt);
      expect(await attempt.over()).toContain(204);
    }
    expect(names).toEqual([name, name]);
  });
});
