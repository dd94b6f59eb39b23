import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Echo, type TestBackend, startBackend } from '../support/backend.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, rawRequest, request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { requireTool } from '../support/require-tool.js';

const run = promisify(execFile);
const secure = (tls: object, more: object = {}): object => ({
  name: 'secure',
  host: '127.0.0.1',
  port: 0,
  tls,
  ...more,
});
const files = ({ certFile, keyFile }: Certificate): object => ({ cert: certFile, key: keyFile });

/** A handshake with Node's client; destroyed when the test has finished. */
async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  closeLater(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** What openssl's client says. It ends when its input does. */
async function opensslClient(port: number, ...args: string[]): Promise<string> {
  const openssl = requireTool('openssl');
  const promise = run(openssl, ['s_client', '-connect', `127.0.0.1:${port}`, ...args]);
  promise.child.stdin?.end();
  const { stdout, stderr } = await promise.catch((error: { stdout: string; stderr: string }) => error);
  return `${stdout}\n${stderr}`;
}

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

  it('is good for curl, which verifies the certificate', async () => {
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
    expect(await gateway.metric('gatehouse_certificate_expiry_seconds', labels)).toBe(expiry);
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

describe('the certificates of clients', () => {
  let backend: TestBackend;
  let server: Certificate;
  let authority: Certificate;
  let alice: Certificate;
  let stranger: Certificate;
  let gateway: InProcessGateway;
  const port = (name: string): number => gateway.gateway.listeners.find(each => each.name === name)?.port ?? 0;

  beforeAll(async () => {
    backend = await startBackend();
    server = await makeCertificate();
    authority = await makeCertificate({ names: [], commonName: 'Clients' });
    const subject = ['O=Exämple, Inc', 'OU=x\\r\\nX-Role: root'];
    alice = await makeCertificate({ names: [], commonName: 'alice,CN=admin', subject, issuer: authority });
    stranger = await makeCertificate({ names: [], commonName: 'stranger' });
    const tls = (mode: string): object => ({
      certificates: [files(server)],
      clientAuth: { ca: authority.certFile, mode },
    });
    gateway = await startInProcess({
      listeners: [
        secure(tls('require')),
        secure(tls('optional'), { name: 'optional' }),
        secure({ certificates: [files(server)] }, { name: 'none' }),
        { name: 'plain', host: '127.0.0.1', port: 0 },
      ],
      upstreams: { app: { backends: [backend.url] } },
      routes: [
        {
          match: { path: '/*', headers: { 'x-client-cert-subject': 'forged' } },
          respond: { status: 200, body: 'believed' },
        },
        { match: { path: '/*' }, upstream: 'app' },
      ],
    });
  });

  const ask = async (name: string, client?: Certificate, headers = {}): Promise<Echo> => {
    const response = await request(port(name), {
      tls: { ca: server.cert, ...(client && { cert: client.cert, key: client.key }), servername: 'localhost' },
      headers,
    });
    expect(response.status).toBe(200);
    return response.json<Echo>();
  };
  const identity = ({ headers }: Echo): Record<string, string> => {
    const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : []));
    return Object.fromEntries(pairs.filter(([name]) => /client.cert|role/i.test(name ?? ''))) as Record<string, string>;
  };
  const refusals = (): Promise<number> =>
    gateway.metric('gatehouse_connections_refused_total', { reason: 'tls-client-certificate' });

  it.each(['secure', 'optional'])('are passed to the backend by the listener %j', async name => {
    expect(identity(await ask(name, alice))).toEqual({
      'X-Client-Cert-Subject': 'CN=alice\\,CN=admin,OU=x\\0D\\0AX-Role: root,O=Ex\\C3\\A4mple\\, Inc',
      'X-Client-Cert-Fingerprint': new X509Certificate(alice.cert).fingerprint256.replaceAll(':', '').toLowerCase(),
    });
  });

  it('are passed on a resumed session as well', async () => {
    const options = { cert: alice.cert, key: alice.key, maxVersion: 'TLSv1.2' } as const;
    const first = await handshake(port('secure'), options);
    const again = await handshake(port('secure'), { ...options, session: first.getSession() });
    expect(again.isSessionReused()).toBe(true);
    again.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of again) text += String(chunk);
    expect(text).toContain('CN=alice');
  });

  it('are required where they are: none, and one of a stranger, is refused', async () => {
    const before = await refusals();
    await expect(ask('secure')).rejects.toThrow();
    await expect(ask('secure', stranger)).rejects.toThrow();
    await eventually(async () => expect(await refusals()).toBe(before + 2));
    expect(await opensslClient(port('secure'), '-tls1_2')).toMatch(/handshake failure|certificate required/);
  });

  it('may be missing where they are optional, but not be of a stranger', async () => {
    expect(identity(await ask('optional'))).toEqual({});
    const before = await refusals();
    await expect(ask('optional', stranger)).rejects.toThrow();
    await eventually(async () => expect(await refusals()).toBe(before + 1));
  });

  it('are ignored where none are asked for', async () => {
    expect(identity(await ask('none', alice))).toEqual({});
  });

  const forged = {
    'X-Client-Cert-Subject': 'forged',
    'x-client-cert-fingerprint': 'forged',
    X_Client_Cert_Subject: 'forged',
    'x_client-cert_FINGERPRINT': 'forged',
  };

  it.each(['secure', 'optional', 'none', 'plain'])('cannot be forged by headers on the listener %j', async name => {
    const response = await request(port(name), {
      headers: forged,
      ...(name !== 'plain' && { tls: { ca: server.cert, cert: alice.cert, key: alice.key } }),
    });
    expect(response.text).not.toContain('forged');
    expect(response.text).not.toContain('believed');
    expect(response.text.includes('CN=alice')).toBe(name === 'secure' || name === 'optional');
  });

  it('cannot be named away by Connection', async () => {
    const echo = await ask('secure', alice, { connection: 'close, x-client-cert-subject' });
    expect(Object.keys(identity(echo))).toHaveLength(2);
  });
});

/** A TLS 1.2 ClientHello for a server name. */
function clientHello(serverName: string): Buffer {
  const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
  const sized = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
  const name = sized(sized(Buffer.concat([Buffer.from([0]), sized(Buffer.from(serverName, 'latin1'))])));
  const extensions = sized(Buffer.concat([u16(0), name]));
  const ciphers = sized(Buffer.from('c02bc02f', 'hex'));
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    ciphers,
    Buffer.from([1, 0]),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, body.length >> 16]), u16(body.length & 0xffff), body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += 16_384) {
    const part = message.subarray(at, at + 16_384);
    records.push(Buffer.from([22, 3, 1]), u16(part.length), part);
  }
  return Buffer.concat(records);
}
