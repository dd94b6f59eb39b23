import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { connectRaw, rawRequest, request, type RawClient } from '../support/client.js';
import { connectCleartextHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { tempFolder } from '../support/temp.js';

const get = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';

describe('connectionsPerClient', () => {
  let gateway: InProcessGateway;
  let socketPath: string;
  let certificate: { readonly ca: string };
  const port = (name: string): number => gateway.ports[name]!;
  const refused = (listener: string): Promise<number> =>
    gateway.metric('gatehouse_connections_refused_total', { listener, reason: 'client' });

  beforeAll(async () => {
    socketPath = join(await tempFolder(), 'gateway.sock');
    const { cert, certFile, keyFile } = await makeCertificate();
    certificate = { ca: cert };
    const loopback = { host: '127.0.0.1', port: 0, limits: { connectionsPerClient: 2 } };
    gateway = await startInProcess({
      listeners: [
        { ...loopback, name: 'web', h2c: true },
        { ...loopback, name: 'secure', tls: { certificates: [{ cert: certFile, key: keyFile }] } },
        { ...loopback, name: 'proxied', proxyProtocol: true },
        { name: 'local', unix: socketPath, limits: { connectionsPerClient: 2 } },
      ],
      trustedProxies: ['127.0.0.1'],
      routes: [{ respond: { body: 'ok' } }],
    });
  });

  /** Waits until a client has room for exactly two connections. */
  async function expectRoomForTwo(open: () => Promise<RawClient>): Promise<void> {
    const clients: RawClient[] = [];
    await eventually(async () => {
      const client = await open();
      client.send(get);
      expect((await client.response()).status).toBe(200);
      clients.push(client);
      return clients.length === 2;
    });
    expect(await isRefused(open)).toBe(true);
    for (const client of clients) client.close();
  }

  /** The connection is closed without an answer, or before its handshake is over. */
  async function isRefused(open: () => Promise<RawClient>): Promise<boolean> {
    const client = await open().catch(() => undefined);
    client?.send(get);
    await client?.closed();
    return client === undefined || client.received.length === 0;
  }

  it('is a limit for each address, over HTTP/1.1 and HTTP/2 together', async () => {
    const before = await refused('web');
    const first = await connectRaw(port('web'));
    const http2 = await connectCleartextHttp2(port('web'));
    expect(await http2.request()).toMatchObject({ status: 200 });
    expect(await isRefused(() => connectRaw(port('web')))).toBe(true);
    expect((await request(port('web'), { localAddress: '127.0.0.2' })).status).toBe(200);
    expect(await refused('web')).toBe(before + 1);
    first.send(get);
    expect((await first.response()).status).toBe(200);
    first.close();
    http2.session.destroy();
    await expectRoomForTwo(() => connectRaw(port('web')));
  });

  it('holds over TLS, for connections in their handshake too', async () => {
    const secured = () => connectRaw(port('secure'), { tls: { ...certificate, servername: 'localhost' } });
    const silent = [await connectRaw(port('secure')), await connectRaw(port('secure'))];
    expect(await isRefused(() => connectRaw(port('secure')))).toBe(true);
    for (const client of silent) client.reset();
    const clients: RawClient[] = [];
    await eventually(async () => clients.push(await secured()) === 2);
    expect(await isRefused(secured)).toBe(true);
    for (const client of clients) client.close();
    await eventually(async () =>
      expect((await rawRequest(port('secure'), get, { tls: certificate })).status).toBe(200),
    );
  });

  it('counts the addresses that a proxy names, and a network of IPv6 as one', async () => {
    const from = async (address: string): Promise<RawClient> => {
      const client = await connectRaw(port('proxied'));
      client.send(`PROXY ${address.includes(':') ? 'TCP6' : 'TCP4'} ${address} ${address} 1 2\r\n`);
      return client;
    };
    const answered = async (address: string): Promise<boolean> => {
      const client = await from(address);
      client.send(get);
      return (await client.response()).status === 200;
    };
    expect([await answered('203.0.113.1'), await answered('203.0.113.1')]).toEqual([true, true]);
    expect(await isRefused(() => from('203.0.113.1'))).toBe(true);
    expect(await answered('203.0.113.2')).toBe(true);
    expect([await answered('2001:db8:0:7::1'), await answered('2001:db8:0:7:ffff::2')]).toEqual([true, true]);
    expect(await isRefused(() => from('2001:db8:0:7::3'))).toBe(true);
    expect(await answered('2001:db8:0:8::1')).toBe(true);
    await expectRoomForTwo(() => from('203.0.113.9'));
  });

  it('concerns no client of a unix socket', async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => connectRaw(0, { socketPath })));
    for (const client of clients) {
      client.send(get);
      expect((await client.response()).status).toBe(200);
    }
  });

  it('has room again for clients that leave in the middle of a word', async () => {
    const sayings = [
      '',
      'G',
      get,
      get.slice(0, -2),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'rubbish\r\n\r\n',
      '\x16\x03\x01',
    ];
    for (const listener of ['web', 'secure']) {
      for (const saying of [...sayings, ...sayings, ...sayings]) {
        const client = await connectRaw(port(listener), { localAddress: '127.0.0.3' });
        client.send(saying);
        await new Promise(setImmediate);
        client.reset();
      }
    }
    await expectRoomForTwo(() => connectRaw(port('web'), { localAddress: '127.0.0.3' }));
    const tls = certificate;
    await expectRoomForTwo(() => connectRaw(port('secure'), { localAddress: '127.0.0.3', tls }));
  });
});
