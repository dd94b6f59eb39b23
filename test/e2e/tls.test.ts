import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Echo, type TestBackend, startBackend } from '../support/backend.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { clientHello } from '../support/client-hello.js';
import { connectRaw, rawRequest, request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { requireTool } from '../support/require-tool.js';
import { handshake, opensslClient } from '../support/tls-client.js';

const run = promisify(execFile);
const secure = (tls: object, more: object = {}): object => ({
  name: 'secure',
  host: '127.0.0.1',
  port: 0,
  tls,
  ...more,
});
const files = ({ certFile, keyFile }: Certificate): object => ({ cert: certFile, key: keyFile });

describe('a listener with TLS', () => {
  let backend: TestBackend;
  let shop: Certificate;
  let wild: Certificate;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startBackend();
    shop = await makeCertificate({ names: ['shop.example', 'localhost', '127.0.0.1'] });
    wild = await makeCertificate({ names: ['*.api.example'], commonName: 'common.example', keyType: 'rsa' });
    gateway = await startInProcess({
      listeners: [secure({ certificates: [files(shop), files(wild)] }, { limits: { headerTimeout: '400ms' } })],
      upstreams: { app: { backends: [backend.url], sticky: { cookie: 'gw' } } },
      logging: { level: 'debug' },
    });
  });

  it('serves requests, and tells the backend that they came over https', async () => {
    const response = await request(gateway.port, { tls: { ca: shop.cert, servername: 'shop.example' }, path: '/a?b' });
    expect(response.status).toBe(200);
    expect(response.header('set-cookie')).toMatch(/; Secure/);
    const { last } = backend;
    expect(last.header('x-forwarded-proto')).toBe('https');
    expect(last.header('x-forwarded-port')).toBe(String(gateway.port));
    expect(last.header('forwarded')).toContain('proto=https');
    expect(gateway.gateway.listeners[0]?.url).toBe(`https://127.0.0.1:${gateway.port}`);
  });

  it('is good for curl with HTTP/1.1, which verifies the certificate', async () => {
    const curl = requireTool('curl');
    const { stdout } = await run(curl, [
      '-sS',
      '--http1.1',
      '--cacert',
      shop.certFile,
      `https://localhost:${gateway.port}/by-curl`,
    ]);
    expect((JSON.parse(stdout) as Echo).url).toBe('/by-curl');
  });

  it('is good for curl with every protocol that it knows', async () => {
    const curl = requireTool('curl');
    const url = `https://localhost:${gateway.port}/by-curl`;
    const { stdout } = await run(curl, ['-sS', '--cacert', shop.certFile, url]);
    expect((JSON.parse(stdout) as Echo).url).toBe('/by-curl');
  });

  it.each([
    ['shop.example', 'shop'],
    ['SHOP.example', 'shop'],
    ['v1.api.example', 'wild'],
    ['a.v1.api.example', 'shop'],
    ['api.example', 'shop'],
    ['common.example', 'shop'],
    ['unknown.example', 'shop'],
  ])('shows a client that asks for %s the certificate of %s', async (servername, expected) => {
    const socket = await handshake(gateway.port, { servername });
    const { fingerprint256 } = new X509Certificate(expected === 'shop' ? shop.cert : wild.cert);
    expect(socket.getPeerX509Certificate()?.fingerprint256).toBe(fingerprint256);
  });

  it('shows the first certificate to a client that asks for no name', async () => {
    const shown = await opensslClient(gateway.port, '-noservername');
    expect(shown).toContain('subject=CN = shop.example');
    expect(await opensslClient(gateway.port, '-servername', 'x.api.example')).toContain('subject=CN = common.example');
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    expect(await opensslClient(gateway.port, '-tls1_3')).toMatch(/New, TLSv1\.3, Cipher is TLS_/);
    expect(await opensslClient(gateway.port, '-tls1_2')).toMatch(
      /New, TLSv1\.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/,
    );
    const before = await gateway.metric('gatehouse_connections_refused_total', { reason: 'tls-version' });
    expect(await opensslClient(gateway.port, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0')).toMatch(/protocol version/);
    expect(await gateway.metric('gatehouse_connections_refused_total', { reason: 'tls-version' })).toBe(before + 1);
  });

  it.each(['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256', 'AES128-SHA', 'NULL'])(
    'refuses %s',
    async cipher => {
      const said = await opensslClient(gateway.port, '-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`);
      expect(said).toMatch(/handshake failure|no ciphers available/);
      expect(said).toMatch(/Cipher is \(NONE\)/);
    },
  );

  it('offers HTTP/1.1 by ALPN and refuses a client that knows only something else', async () => {
    const socket = await handshake(gateway.port, { ALPNProtocols: ['http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    await expect(handshake(gateway.port, { ALPNProtocols: ['imap'] })).rejects.toThrow(/no application protocol/i);
  });

  it('does not renegotiate', async () => {
    const socket = await handshake(gateway.port, { maxVersion: 'TLSv1.2' });
    const failed = new Promise(resolve => {
      socket.on('error', resolve);
      socket.renegotiate({ rejectUnauthorized: false }, error => error && resolve(error));
    });
    expect(String(await failed)).toMatch(/no renegotiation|NO_RENEGOTIATION/i);
  });

  it('resumes a session', async () => {
    const first = await handshake(gateway.port, { maxVersion: 'TLSv1.2', servername: 'x.api.example' });
    const session = first.getSession();
    first.destroy();
    const second = await handshake(gateway.port, { maxVersion: 'TLSv1.2', servername: 'x.api.example', session });
    expect(second.isSessionReused()).toBe(true);
  });

  it('resumes a session of TLS 1.3, with another name than the default one as well', async () => {
    for (const servername of ['shop.example', 'x.api.example']) {
      const first = await handshake(gateway.port, { minVersion: 'TLSv1.3', servername });
      const [session] = (await once(first, 'session')) as [Buffer];
      first.destroy();
      const second = await handshake(gateway.port, { minVersion: 'TLSv1.3', servername, session });
      expect(second.isSessionReused()).toBe(true);
    }
  });

  it('survives clear HTTP, garbage, and names of 64 kB, and goes on serving', async () => {
    const plain = await connectRaw(gateway.port);
    plain.send('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n');
    await plain.closed(2000);
    expect(plain.received.toString('latin1')).not.toContain('200');
    const garbage = await connectRaw(gateway.port);
    garbage.send(Buffer.alloc(100_000, 0xa5));
    await garbage.closed(2000);
    const hello = await connectRaw(gateway.port);
    hello.send(clientHello('x'.repeat(60_000)));
    await hello.closed(2000);
    const strange = await connectRaw(gateway.port);
    strange.send(clientHello('a\0b'));
    await strange.closed(2000);
    const refused = (reason: string) => gateway.metric('gatehouse_connections_refused_total', { reason });
    expect(await refused('tls-not-tls')).toBeGreaterThanOrEqual(2);
    expect((await request(gateway.port, { tls: { ca: shop.cert, servername: 'shop.example' } })).status).toBe(200);
  });

  it('logs a failed handshake at debug, with its reason', async () => {
    await opensslClient(gateway.port, '-alpn', 'imap');
    const line = await gateway.waitForLog(
      ({ msg, reason }) => msg === 'TLS handshake failed' && reason === 'tls-protocol',
    );
    expect(line).toMatchObject({ listener: 'secure', peer: '127.0.0.1', level: expect.anything() as unknown });
  });

  it('ends handshakes that do not come to an end, also those that drip', async () => {
    const silent = await connectRaw(gateway.port);
    const dripping = await connectRaw(gateway.port);
    const bytes = clientHello('shop.example');
    let sent = 0;
    const drip = setInterval(() => dripping.send(bytes.subarray(sent, ++sent)), 30);
    try {
      await Promise.all([silent.closed(2000), dripping.closed(2000)]);
    } finally {
      clearInterval(drip);
    }
    expect(
      await gateway.metric('gatehouse_connections_refused_total', { reason: 'tls-timeout' }),
    ).toBeGreaterThanOrEqual(2);
  });

  it('closes a connection that says nothing after its handshake, without an answer or a line', async () => {
    const lines = gateway.logs.filter(({ msg }) => msg === 'exchange').length;
    const socket = await handshake(gateway.port);
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length)).on('error', () => undefined);
    await once(socket, 'close');
    expect(received).toBe(0);
    expect(gateway.logs.filter(({ msg }) => msg === 'exchange')).toHaveLength(lines);
  });

  it('answers what is not HTTP behind the handshake', async () => {
    const response = await rawRequest(gateway.port, 'NONSENSE\r\n\r\n', { tls: { rejectUnauthorized: false } });
    expect(response).toMatchObject({ status: 400, clean: true });
  });

  it('carries large bodies both ways', async () => {
    const body = Buffer.alloc(3_000_000, 'gatehouse');
    const response = await request(gateway.port, { method: 'POST', body, tls: { rejectUnauthorized: false } });
    expect(response.json<Echo>()).toMatchObject({ bodyLength: body.length });
  });

  it('refuses an upload that is too large so that its client sees why', async () => {
    const strict = await startInProcess({
      listeners: [secure({ certificates: [files(shop)] })],
      upstreams: { app: { backends: [backend.url] } },
      security: { validation: { maxBody: '1kb' } },
    });
    const client = await connectRaw(strict.port, { tls: { rejectUnauthorized: false } });
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n');
    client.send(Buffer.alloc(20_000_000));
    expect(await client.response()).toMatchObject({ status: 413, clean: true });
    await client.closed();
  });

  it('lets what is in flight end when the gateway stops, and then closes', async () => {
    const stopBegun = Promise.withResolvers<void>();
    const slow = await startBackend(async (_, response) => {
      response.write('begun ');
      await stopBegun.promise;
      response.end('and ended');
    });
    const stopped = await startInProcess({
      listeners: [secure({ certificates: [files(shop)] })],
      upstreams: { app: { backends: [slow.url] } },
    });
    const client = await connectRaw(stopped.port, { tls: { rejectUnauthorized: false } });
    const idle = await connectRaw(stopped.port, { tls: { rejectUnauthorized: false } });
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until('begun');
    const stopping = stopped.stop(5_000);
    stopBegun.resolve();
    expect(await client.response()).toMatchObject({ status: 200, clean: true });
    expect(await stopping).toBe(0);
    await Promise.all([client.closed(), idle.closed()]);
  });

  it('counts connections once, from the first byte to the last', async () => {
    const open = (): Promise<number> => gateway.metric('gatehouse_connections_open', { listener: 'secure' });
    await eventually(async () => expect(await open()).toBe(0));
    const socket = await handshake(gateway.port);
    expect(await open()).toBe(1);
    socket.destroy();
    await eventually(async () => expect(await open()).toBe(0));
  });

  it('shows when its certificates expire', async () => {
    const expiry = new X509Certificate(shop.cert).validToDate.getTime() / 1000;
    const labels = { listener: 'secure', certificate: shop.certFile };
    expect(await gateway.metric('gatehouse_certificate_expiry_timestamp_seconds', labels)).toBe(expiry);
  });

  it('may ask for TLS 1.3', async () => {
    const strict = await startInProcess({
      listeners: [secure({ certificates: [files(shop)], minVersion: 'TLSv1.3' })],
      upstreams: { app: { backends: [backend.url] } },
    });
    expect(await opensslClient(strict.port, '-tls1_2')).toMatch(/protocol version/);
    expect(await opensslClient(strict.port, '-tls1_3')).toMatch(/New, TLSv1\.3/);
  });
});

describe('a plain listener', () => {
  it('answers 400 to a client that speaks TLS, or closes, and goes on serving', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
    const client = await connectRaw(gateway.port);
    client.send(clientHello('shop.example'));
    expect(await client.response()).toMatchObject({ status: 400 });
    expect((await request(gateway.port)).status).toBe(200);
  });
});
