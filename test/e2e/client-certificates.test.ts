import { X509Certificate } from 'node:crypto';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Echo, type TestBackend, startBackend } from '../support/backend.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { requireTool } from '../support/require-tool.js';
import { handshake, opensslClient } from '../support/tls-client.js';

const secure = (tls: object, more: object = {}): object => ({
  name: 'secure',
  host: '127.0.0.1',
  port: 0,
  tls,
  ...more,
});
const files = ({ certFile, keyFile }: Certificate): object => ({ cert: certFile, key: keyFile });

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

  it('are passed on HTTP/2 as well, where no client can forge them either', async () => {
    const curl = requireTool('curl');
    const { stdout } = await promisify(execFile)(curl, [
      ...['-sS', '--http2', '-w', '%{http_version}', '--cacert', server.certFile],
      ...['--cert', alice.certFile, '--key', alice.keyFile],
      ...Object.entries(forged).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      `https://localhost:${port('secure')}/`,
    ]);
    expect(stdout).toMatch(/}2$/);
    expect(Object.keys(identity(JSON.parse(stdout.slice(0, -1)) as Echo))).toHaveLength(2);
    expect(stdout).toContain('CN=alice');
    expect(stdout).not.toContain('forged');
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
