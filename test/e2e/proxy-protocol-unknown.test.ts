import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type Echo } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw } from '../support/client.js';
import { valueOf } from '../support/header-list.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { tempFolder } from '../support/temp.js';

const version2 = (command: number, kind: number): Buffer =>
  Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), Buffer.from([command, kind, 0, 0])]);

/** PROXY headers that name no client. */
const unknown: readonly (readonly [what: string, header: Buffer])[] = [
  ['UNKNOWN of version 1', Buffer.from('PROXY UNKNOWN\r\n')],
  ['UNKNOWN with addresses', Buffer.from('PROXY UNKNOWN 203.0.113.7 10.0.0.1 1 2\r\n')],
  ['LOCAL of version 2', version2(0x20, 0x00)],
  ['an unspecified family of version 2', version2(0x21, 0x00)],
];
const claims = {
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-proto': 'https',
  'x-request-id': 'evil',
  forwarded: 'for=6.6.6.6',
};
const request = `GET / HTTP/1.1\r\nHost: a\r\n${Object.entries(claims)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')}\r\n`;

describe('a trusted proxy that does not tell its client', () => {
  let gateway: InProcessGateway;
  let socketPath: string;
  const port = (name: string): number => gateway.gateway.listeners.find(each => each.name === name)?.port ?? 0;

  beforeAll(async () => {
    const backend = await startBackend();
    socketPath = join(await tempFolder(), 'gateway.sock');
    const { certFile, keyFile } = await makeCertificate();
    const tls = { certificates: [{ cert: certFile, key: keyFile }] };
    const loopback = { host: '127.0.0.1', port: 0, proxyProtocol: true };
    gateway = await startInProcess({
      listeners: [
        { ...loopback, name: 'web' },
        { ...loopback, name: 'secure', tls },
        { ...loopback, name: 'believing', trustUnknown: true },
        { name: 'local', unix: socketPath, proxyProtocol: true },
      ],
      trustedProxies: ['127.0.0.1'],
      upstreams: { app: { backends: [backend.url] } },
    });
  });

  const fieldsOf = (text: string): string[] => (JSON.parse(text) as Echo).headers;

  async function seen(name: string, header: Buffer, options: { socketPath?: string } = {}): Promise<string[]> {
    const client = await connectRaw(port(name), options);
    client.send(Buffer.concat([header, Buffer.from(request)]));
    return fieldsOf((await client.response()).text);
  }

  it.each(unknown)('is not believed in what it passes on from that client: %s', async (_, header) => {
    for (const fields of [await seen('web', header), await seen('local', header, { socketPath })]) {
      expect(fields.join('\n')).not.toMatch(/6\.6\.6\.6|evil|https/);
    }
    expect(valueOf(await seen('web', header), 'x-real-ip')).toBe('127.0.0.1');
  });

  it('is not believed over TLS and HTTP/2 either', async () => {
    for (const [, header] of unknown) {
      const client = await connectRaw(port('secure'));
      client.send(header);
      const session = connectHttp2('https://localhost', {
        createConnection: () => connectTls({ socket: client.socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
      });
      closeLater(() => session.destroy());
      let text = '';
      for await (const chunk of session.request({ ':path': '/', ...claims })) text += String(chunk);
      expect(fieldsOf(text).join('\n')).not.toMatch(/6\.6\.6\.6|evil/);
      expect(valueOf(fieldsOf(text), 'x-real-ip')).toBe('127.0.0.1');
    }
  });

  it.each(unknown)('is believed where the configuration says so: %s', async (_, header) => {
    const fields = await seen('believing', header);
    expect(valueOf(fields, 'x-real-ip')).toBe('6.6.6.6');
    expect(valueOf(fields, 'x-forwarded-proto')).toBe('https');
    expect(valueOf(fields, 'x-request-id')).toBe('evil');
  });
});
