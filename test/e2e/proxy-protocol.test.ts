import { execFile } from 'node:child_process';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Echo, type TestBackend, startBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, rawRequest, type RawClient, type RawResponse } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { requireTool } from '../support/require-tool.js';
import { tempFolder } from '../support/temp.js';

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${more}\r\n`;
const v1 = 'PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n';

/** A header of version 2 with addresses as bytes. */
function v2(command: number, family: number, block: readonly number[] = []): Buffer {
  const head = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  return Buffer.concat([
    head,
    Buffer.from([command, family, block.length >> 8, block.length & 0xff]),
    Buffer.from(block),
  ]);
}

const addresses = [203, 0, 113, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xbb];
const sixteen = (last: number): number[] => [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), last];

describe('a listener with proxyProtocol', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let socketPath: string;
  let ca: string;
  const port = (name: string): number => gateway.gateway.listeners.find(each => each.name === name)?.port ?? 0;
  const refusals = (reason: string): Promise<number> =>
    gateway.metric('gatehouse_connections_refused_total', { listener: 'web', reason: `proxy-${reason}` });

  beforeAll(async () => {
    backend = await startBackend();
    socketPath = join(await tempFolder(), 'gateway.sock');
    const { cert, certFile, keyFile } = await makeCertificate();
    ca = cert;
    const loopback = { host: '127.0.0.1', port: 0, proxyProtocol: true };
    const tls = { certificates: [{ cert: certFile, key: keyFile }] };
    gateway = await startInProcess({
      listeners: [
        { ...loopback, name: 'web', limits: { headerTimeout: '400ms' } },
        { ...loopback, name: 'secure', tls },
        { name: 'local', unix: socketPath, proxyProtocol: true },
        { name: 'plain', host: '127.0.0.1', port: 0 },
      ],
      trustedProxies: ['127.0.0.1', '198.51.100.0/24'],
      upstreams: { app: { backends: [backend.url] } },
      logging: { level: 'debug' },
    });
  });

  /** What the backend was told in answer to one request behind `header`. */
  const seen = async (header: string | Buffer, fields = ''): Promise<Record<string, unknown>> => {
    const bytes = Buffer.concat([Buffer.from(header), Buffer.from(get('/', fields))]);
    return told(await rawRequest(port('web'), bytes, { method: 'GET' }));
  };

  it.each<[string, string | Buffer, string]>([
    ['version 1 with IPv4', v1, '203.0.113.7'],
    ['version 1 with IPv6', 'PROXY TCP6 2001:DB8::7 ::1 1 2\r\n', '2001:db8::7'],
    ['version 1 with IPv4 in IPv6', 'PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n', '203.0.113.7'],
    ['version 1 of an unknown client', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
    ['version 2 with IPv4', v2(0x21, 0x11, addresses), '203.0.113.7'],
    ['version 2 with fields behind', v2(0x21, 0x11, [...addresses, 4, 0, 2, 0, 0]), '203.0.113.7'],
    ['version 2 with IPv6', v2(0x21, 0x21, [...sixteen(7), ...sixteen(1), 0, 1, 0, 2]), '2001:db8::7'],
    ['version 2 of the proxy itself', v2(0x20, 0x00), '127.0.0.1'],
    ['version 2 of the client of a unix socket', v2(0x21, 0x31, Array<number>(216).fill(97)), 'unknown'],
  ])('takes the address of the client from %s', async (_, header, expected) => {
    expect(await seen(header)).toMatchObject({ 'x-forwarded-for': expected, 'x-real-ip': expected });
    const line = await gateway.waitForLog(({ msg, client }) => msg === 'exchange' && client === expected);
    expect(line['listener']).toBe('web');
  });

  it('believes X-Forwarded-For of that client only when it is a trusted proxy itself', async () => {
    const forged = 'X-Forwarded-For: 192.0.2.66\r\n';
    expect(await seen(v1, forged)).toMatchObject({ 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.7' });
    const trusted = 'PROXY TCP4 198.51.100.9 10.0.0.1 1 2\r\n';
    expect(await seen(trusted, forged)).toMatchObject({
      'x-forwarded-for': '192.0.2.66, 198.51.100.9',
      'x-real-ip': '192.0.2.66',
    });
  });

  it('does not believe the client of a unix socket of the proxy', async () => {
    const header = v2(0x21, 0x31, Array<number>(216).fill(97));
    expect(await seen(header, 'X-Forwarded-For: 192.0.2.66\r\n')).toMatchObject({ 'x-real-ip': 'unknown' });
  });

  it('keeps the address for all requests of a connection, pipelined ones too', async () => {
    const client = await connectRaw(port('web'));
    client.send(v1 + get('/one') + get('/two'));
    expect(told(await client.response())).toMatchObject({ url: '/one', 'x-real-ip': '203.0.113.7' });
    expect(told(await client.response())).toMatchObject({ url: '/two', 'x-real-ip': '203.0.113.7' });
    client.send(`${get('/three')}`);
    expect(told(await client.response())).toMatchObject({ url: '/three', 'x-real-ip': '203.0.113.7' });
  });

  it('loses no byte, however the connection is cut into packets', async () => {
    const body = 'a body of some length';
    const request = `POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const headers = [Buffer.from(v1), v2(0x21, 0x11, addresses)];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...headers), fc.array(fc.nat(120), { maxLength: 4 }), async (header, cuts) => {
        const bytes = Buffer.concat([header, Buffer.from(request + get('/behind'))]);
        const client = await connectRaw(port('web'));
        let from = 0;
        for (const to of [...cuts.sort((a, b) => a - b), bytes.length]) {
          client.send(bytes.subarray(from, to));
          from = Math.max(from, to);
          await new Promise(resolve => setImmediate(resolve));
        }
        expect(told(await client.response())).toMatchObject({
          url: '/cut',
          length: body.length,
          'x-real-ip': '203.0.113.7',
        });
        expect(told(await client.response())).toMatchObject({ url: '/behind', 'x-real-ip': '203.0.113.7' });
        client.close();
      }),
      { numRuns: 60 },
    );
  });

  it('carries a large body that begins in the packet of the header', async () => {
    const client = await connectRaw(port('web'));
    const body = Buffer.alloc(2_000_000, 'x');
    const head = `POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
    client.send(Buffer.concat([Buffer.from(v1 + head), body]));
    expect(told(await client.response())).toMatchObject({ url: '/large', length: body.length });
  });

  it.each([
    ['without a header', get('/')],
    ['with a malformed one', 'PROXY TCP4 1.2.3 4.5.6.7 1 2\r\n'],
    ['with one that is too long', `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`],
    ['with TLS instead', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0])],
  ])('closes a connection %s, and says nothing', async (_, bytes) => {
    const before = await refusals('malformed');
    const client = await connectRaw(port('web'));
    client.send(bytes);
    await client.closed(2000);
    expect(client.received).toHaveLength(0);
    expect(await refusals('malformed')).toBe(before + 1);
  });

  it('closes a connection whose header does not come in time, also when it drips', async () => {
    const before = await refusals('timeout');
    const silent = await connectRaw(port('web'));
    const dripping = await connectRaw(port('web'));
    let sent = 0;
    const drip = setInterval(() => dripping.send(v1[sent++] ?? 'x'), 50);
    try {
      await Promise.all([silent.closed(2000), dripping.closed(2000)]);
    } finally {
      clearInterval(drip);
    }
    expect(await refusals('timeout')).toBe(before + 2);
  });

  it('forgets a connection that ends before its header', async () => {
    const before = await refusals('closed');
    const client = await connectRaw(port('web'));
    client.send('PROXY ');
    client.half();
    await client.closed(2000);
    expect(await refusals('closed')).toBe(before + 1);
  });

  it('closes a connection that says nothing behind its header, without a line', async () => {
    const lines = gateway.logs.filter(({ status }) => status === 408).length;
    const client = await connectRaw(port('web'));
    client.send(v1);
    await client.closed(3000);
    expect(client.received).toHaveLength(0);
    expect(gateway.logs.filter(({ status }) => status === 408)).toHaveLength(lines);
  });

  it('logs the address of the client for a message that cannot be read', async () => {
    const response = await rawRequest(port('web'), `${v1}NONSENSE\r\n\r\n`, { method: 'GET' });
    expect(response.status).toBe(400);
    const id = response.header('x-request-id');
    expect(await gateway.waitForLog(({ requestId }) => requestId === id)).toMatchObject({ client: '203.0.113.7' });
  });

  it('reads the header before TLS', async () => {
    for (const header of [v1, v2(0x21, 0x11, addresses)]) {
      const client = await connectRaw(port('secure'));
      client.send(header);
      const socket = connectTls({ socket: client.socket, ca, servername: 'localhost' });
      closeLater(() => socket.destroy());
      socket.write(get('/secure', 'Connection: close\r\n'));
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toContain('"X-Real-IP","203.0.113.7"');
      expect(text).toContain('"X-Forwarded-Proto","https"');
    }
  });

  it.each(['--http1.1', '--http2'])('reads what curl sends before TLS with %s', async version => {
    const curl = requireTool('curl');
    const args = ['-sSk', version, '-w', '%{http_version}', '--haproxy-protocol'];
    const { stdout } = await promisify(execFile)(curl, [...args, `https://localhost:${port('secure')}/by-curl`]);
    expect(stdout.endsWith(version === '--http2' ? '}2' : '}1.1')).toBe(true);
    expect(stdout).toContain('"X-Forwarded-For","127.0.0.1"');
    // The same over HTTP/2, for a client that is not at its own address.
    if (version === '--http1.1') return;
    const client = await connectRaw(port('secure'));
    client.send(v1);
    const session = connectHttp2('https://localhost', {
      createConnection: () => connectTls({ socket: client.socket, ca, servername: 'localhost', ALPNProtocols: ['h2'] }),
    });
    closeLater(() => session.destroy());
    const stream = session.request({ ':path': '/h2' });
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    expect(text).toContain('"X-Real-IP","203.0.113.7"');
  });

  it('takes the header from everyone who may connect to a unix socket', async () => {
    const client: RawClient = await connectRaw(0, { socketPath });
    client.send(v1 + get('/local'));
    expect(told(await client.response())).toMatchObject({ 'x-forwarded-for': '203.0.113.7' });
  });

  it('refuses connections that come from elsewhere than the trusted proxies', async () => {
    const guarded = await startInProcess({
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0, proxyProtocol: true }],
      trustedProxies: ['10.0.0.0/8'],
      upstreams: { app: { backends: [backend.url] } },
    });
    const client = await connectRaw(guarded.port);
    client.send(v1 + get('/'));
    await client.closed(2000);
    expect(client.received).toHaveLength(0);
    expect(await guarded.metric('gatehouse_connections_refused_total', { reason: 'proxy-untrusted' })).toBe(1);
  });

  it('is the only one that reads such headers', async () => {
    expect((await rawRequest(port('plain'), v1 + get('/'), { method: 'GET' })).status).toBe(400);
  });
});

/** The fields that a backend has got, by their names in lower case, with the target and the length of the body. */
function told(response: RawResponse): Record<string, unknown> {
  expect(response.status).toBe(200);
  const { bodyLength, headers, url } = response.json() as Echo;
  const fields = headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1]]] : []));
  return { ...(Object.fromEntries(fields) as object), url, length: bodyLength };
}
