import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { Agent, request as secureRequest } from 'node:https';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestBackend, startBackend } from '../support/backend.js';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { runCommand } from '../support/command.js';
import { tempFolder } from '../support/temp.js';
import { configFile } from './spawn.js';

let backend: TestBackend;
let one: Certificate;
let other: Certificate;

beforeAll(async () => {
  backend = await startBackend();
  one = await makeCertificate({ names: ['localhost'] });
  other = await makeCertificate({ names: ['localhost', 'new.example'], days: 100 });
});

const fingerprint = (certificate: Certificate): string => new X509Certificate(certificate.cert).fingerprint256;

/** The fingerprint of what the gateway shows. */
async function shown(port: number, servername = 'localhost'): Promise<string | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  closeLater(() => socket.destroy());
  await once(socket, 'secureConnect');
  const found = socket.getPeerX509Certificate()?.fingerprint256;
  socket.destroy();
  return found;
}

describe('the certificates of a running gateway', () => {
  let folder: string;
  let cert: string;
  let key: string;
  let gateway: InProcessGateway;

  const start = async (tls: object = {}): Promise<void> => {
    gateway = await startInProcess({
      listeners: [{ name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert, key }], ...tls } }],
      upstreams: { app: { backends: [backend.url] } },
    });
  };
  const errors = () =>
    gateway.logs.filter(({ level, msg }) => Number(level) >= 50 && /certificate|key/.test(String(msg)));

  beforeEach(async () => {
    folder = await tempFolder();
    cert = join(folder, 'tls.crt');
    key = join(folder, 'tls.key');
    await Promise.all([copyFile(one.certFile, cert), copyFile(one.keyFile, key)]);
  });

  /** Puts new files in the place of the old ones, as careful programs do. */
  const replace = async (by: Certificate): Promise<void> => {
    await Promise.all([copyFile(by.certFile, `${cert}.new`), copyFile(by.keyFile, `${key}.new`)]);
    await rename(`${cert}.new`, cert);
    await rename(`${key}.new`, key);
  };

  it('are swapped when their files are, while no request fails and no connection is cut', async () => {
    await start();
    const kept = await connectRaw(gateway.port, { tls: { rejectUnauthorized: false } });
    const agents = [new Agent({ keepAlive: true, maxSockets: 2 }), new Agent({ keepAlive: false })];
    closeLater(() => agents.forEach(agent => agent.destroy()));
    let running = true;
    let answered = 0;
    const load = agents.map(async agent => {
      while (running) {
        expect(await statusOf(agent, gateway.port)).toBe(200);
        answered++;
      }
    });
    for (const next of [other, one, other]) {
      await replace(next);
      await eventually(async () => expect(await shown(gateway.port)).toBe(fingerprint(next)));
    }
    running = false;
    await Promise.all(load);
    expect(answered).toBeGreaterThan(20);
    kept.send('GET /kept HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await kept.response()).status).toBe(200);
    expect(errors()).toEqual([]);
    await gateway.waitForLog(() => gateway.logs.filter(({ msg }) => msg === 'certificates changed').length === 3);
    const expiry = new X509Certificate(other.cert).validToDate.getTime() / 1000;
    expect(await gateway.metric('gatehouse_certificate_expiry_timestamp_seconds', { certificate: cert })).toBe(expiry);
  });

  it('are swapped when they are written in place, one after the other', async () => {
    await start();
    await writeFile(cert, other.cert);
    await writeFile(key, other.key);
    await eventually(async () => expect(await shown(gateway.port)).toBe(fingerprint(other)));
    expect(errors()).toEqual([]);
  });

  it('are swapped when a link to their folder is, as on Kubernetes', async () => {
    const volume = await tempFolder();
    for (const [name, from] of Object.entries({ '..v1': one, '..v2': other })) {
      await mkdir(join(volume, name));
      await copyFile(from.certFile, join(volume, name, 'tls.crt'));
      await copyFile(from.keyFile, join(volume, name, 'tls.key'));
    }
    await symlink('..v1', join(volume, '..data'));
    for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, join(volume, name));
    [cert, key] = [join(volume, 'tls.crt'), join(volume, 'tls.key')];
    await start();
    await symlink('..v2', join(volume, '..data_tmp'));
    await rename(join(volume, '..data_tmp'), join(volume, '..data'));
    await eventually(async () => expect(await shown(gateway.port)).toBe(fingerprint(other)));
  });

  it('bring their names with them', async () => {
    const second = join(folder, 'second.crt');
    const secondKey = join(folder, 'second.key');
    await Promise.all([copyFile(one.certFile, second), copyFile(one.keyFile, secondKey)]);
    await start({
      certificates: [
        { cert, key },
        { cert: second, key: secondKey },
      ],
    });
    expect(await shown(gateway.port, 'new.example')).toBe(fingerprint(one));
    await Promise.all([copyFile(other.certFile, second), copyFile(other.keyFile, secondKey)]);
    await eventually(async () => expect(await shown(gateway.port, 'new.example')).toBe(fingerprint(other)));
    expect(await shown(gateway.port)).toBe(fingerprint(one));
  });

  it('stay as they are when a new file is broken, and the log says so once', async () => {
    await start();
    await writeFile(cert, 'no certificate');
    const line = await gateway.waitForLog(({ msg }) => /still served/.test(String(msg)));
    expect(line).toMatchObject({ listener: 'secure' });
    expect(line['msg']).toContain(`certificate file ${JSON.stringify(cert)} is not a PEM certificate`);
    expect(await shown(gateway.port)).toBe(fingerprint(one));
    await writeFile(cert, other.cert);
    await gateway.waitForLog(({ msg }) => /does not belong to/.test(String(msg)));
    expect(await shown(gateway.port)).toBe(fingerprint(one));
    await writeFile(key, other.key);
    await eventually(async () => expect(await shown(gateway.port)).toBe(fingerprint(other)));
    expect(errors()).toHaveLength(2);
  });

  it('of clients are judged by the authorities of a new file, also on sessions from before', async () => {
    const [clients, others] = await Promise.all([
      makeCertificate({ names: [], commonName: 'Clients' }),
      makeCertificate({ names: [], commonName: 'Others' }),
    ]);
    const alice = await makeCertificate({ names: [], commonName: 'alice', issuer: clients });
    const ca = join(folder, 'clients.pem');
    await copyFile(clients.certFile, ca);
    await start({ clientAuth: { ca } });
    const tls = { rejectUnauthorized: false, cert: alice.cert, key: alice.key };
    expect((await request(gateway.port, { tls })).status).toBe(200);
    const first = connectTls({ ...tls, port: gateway.port, host: '127.0.0.1', maxVersion: 'TLSv1.2' });
    closeLater(() => first.destroy());
    await once(first, 'secureConnect');
    const session = first.getSession();
    await copyFile(others.certFile, ca);
    await gateway.waitForLog(({ msg }) => msg === 'certificates changed');
    await expect(request(gateway.port, { tls })).rejects.toThrow();
    const again = connectTls({ ...tls, port: gateway.port, host: '127.0.0.1', maxVersion: 'TLSv1.2', session });
    closeLater(() => again.destroy());
    again.on('error', () => undefined);
    again.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let received = 0;
    again.on('data', (chunk: Buffer) => (received += chunk.length));
    await new Promise(resolve => again.on('close', resolve));
    expect(received).toBe(0);
  });
});

describe('a gateway with a certificate that cannot be served', () => {
  it('does not start, says in one line for each file what to do, and so does `check`', async () => {
    const folder = await tempFolder();
    const expired = await makeCertificate({ days: -1 });
    const text = join(folder, 'text.pem');
    await writeFile(text, 'hello');
    const good = { cert: one.certFile, key: one.keyFile };
    const certificates = [
      { ...good, key: other.keyFile },
      { cert: expired.certFile, key: expired.keyFile },
      { ...good, cert: text },
      { ...good, key: join(folder, 'missing.key') },
    ];
    const file = await configFile({
      listeners: [{ host: '127.0.0.1', port: 0, tls: { certificates, clientAuth: { ca: text } } }],
      upstreams: { app: { backends: [backend.url] } },
    });
    const ran = await runCommand(['run', '--config', file]);
    const checked = await runCommand(['check', file]);
    expect([ran.code, checked.code]).toEqual([1, 1]);
    expect(ran.stderr).toBe(checked.stderr);
    for (const complaint of [
      /tls\.certificates\[0\]\.key: key file ".*" does not belong to certificate file ".*": give/,
      /tls\.certificates\[1\]\.cert: certificate file ".*" expired on .*: renew it/,
      /tls\.certificates\[2\]\.cert: certificate file ".*text\.pem" is not a PEM certificate: convert/,
      /tls\.certificates\[3\]\.key: file ".*missing\.key" does not exist/,
      /tls\.clientAuth\.ca: file ".*text\.pem" is not a PEM certificate/,
    ]) {
      expect(checked.stderr).toMatch(complaint);
    }
    expect(checked.stderr.match(/tls\./g)).toHaveLength(5);
  });

  it('does not start when the certificate has become bad since the configuration was read', async () => {
    const folder = await tempFolder();
    const cert = join(folder, 'tls.crt');
    await copyFile(one.certFile, cert);
    const { buildConfig } = await import('../../src/config/loading/load-config.js');
    const { createGateway } = await import('../../src/standalone.js');
    const config = buildConfig({
      listeners: [{ name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert, key: one.keyFile }] } }],
      admin: { port: 0 },
      upstreams: { app: { backends: [backend.url] } },
    });
    await writeFile(cert, (await readFile(cert, 'utf8')).slice(0, 200));
    const gateway = await createGateway(config, { logSink: { write: (_, done) => done(), writeNow: () => undefined } });
    await expect(gateway.start()).rejects.toThrow(
      /^listener "secure": .*certificate file ".*" is not a PEM certificate/,
    );
  });

  it('is warned of a month ahead by `check`', async () => {
    const soon = await makeCertificate({ days: 20 });
    const file = await configFile({
      listeners: [
        { name: 'soon', port: 0, tls: { certificates: [{ cert: soon.certFile, key: soon.keyFile }] } },
        { name: 'later', port: 0, tls: { certificates: [{ cert: other.certFile, key: other.keyFile }] } },
      ],
      upstreams: { app: { backends: [backend.url] } },
    });
    const { code, stderr } = await runCommand(['check', file]);
    expect(code).toBe(0);
    expect(stderr.match(/expires in/g)).toHaveLength(1);
    expect(stderr).toMatch(/warning: .*certificate file ".*" expires in (19|20) days: renew it/);
  });
});

function statusOf(agent: Agent, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    secureRequest({ agent, port, host: '127.0.0.1', rejectUnauthorized: false }, response => {
      response
        .resume()
        .on('end', () => resolve(response.statusCode ?? 0))
        .on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}
