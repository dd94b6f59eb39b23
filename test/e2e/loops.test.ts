import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type TestBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { connectRaw, request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { tempFolder } from '../support/temp.js';
import { handshake } from '../support/upgrade-scene.js';

const exchanges = ({ logs }: InProcessGateway): number => logs.filter(({ msg }) => msg === 'exchange').length;

describe('two gateways that point at each other', () => {
  it('make one exchange of a request on one, two on the other, and answer 508', async () => {
    const path = join(await tempFolder(), 'second.sock');
    const first = await startInProcess({
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
      upstreams: { app: { backends: [`unix:${path}`] } },
    });
    const second = await startInProcess({
      listeners: [{ name: 'local', unix: path }],
      upstreams: { app: { backends: [`http://127.0.0.1:${first.port}`] } },
    });
    const response = await request(first.port);
    expect([response.status, response.header('x-gateway-error')]).toEqual([508, 'LOOP']);
    await first.waitForLog(() => exchanges(first) === 2);
    await second.waitForLog(() => exchanges(second) === 1);
    for (let count = 0; count < 3; count++) expect((await request(first.port)).status).toBe(508);
  });
});

describe('a request that has been here before', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let secure: number;
  let via: string;

  beforeAll(async () => {
    backend = await startBackend();
    const { certFile, keyFile } = await makeCertificate();
    gateway = await startInProcess({
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
      ],
      upstreams: { app: { backends: [backend.url] } },
    });
    secure = gateway.gateway.listeners[1]!.port!;
    await request(gateway.port);
    via = backend.last.header('via')!;
  });

  it('goes no further, over any protocol and through any proxies in between', async () => {
    const before = backend.requests.length;
    for (const value of [via, `1.0 fred, ${via}, 1.1 p.example (x)`]) {
      expect((await request(gateway.port, { headers: { Via: value } })).status).toBe(508);
      const client = await connectHttp2(secure);
      expect((await client.request({ headers: { via: value } })).status).toBe(508);
    }
    const client = await connectRaw(gateway.port);
    client.send(handshake({ Via: via }));
    expect((await client.response()).status).toBe(508);
    expect(backend.requests.length).toBe(before);
  });

  it('does not cost its connection, on which others come', async () => {
    const client = await connectRaw(gateway.port);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nVia: ${via}\r\n\r\n`);
    expect((await client.response()).status).toBe(508);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.response()).status).toBe(200);
  });

  it('is found out by any process of the same gateway', async () => {
    const upstreams = { app: { backends: [backend.url] } };
    const [first, second] = [
      await startInProcess({ upstreams }, { instance: 'blue' }),
      await startInProcess({ upstreams }, { instance: 'blue' }),
    ];
    await request(first.port);
    expect(backend.last.header('via')).toBe('1.1 gatehouse-blue');
    expect((await request(second.port, { headers: { Via: '1.1 gatehouse-blue' } })).status).toBe(508);
    await expect(startInProcess({ upstreams }, { instance: 'a b' })).rejects.toThrow('instance: found "a b"');
  });

  it('is told from one that has been at another gateway', async () => {
    const other = await startInProcess({ upstreams: { app: { backends: [`http://127.0.0.1:${gateway.port}`] } } });
    expect((await request(other.port)).status).toBe(200);
    expect(backend.last.header('via')).toMatch(/^1\.1 gatehouse-[\da-f]{12}, 1\.1 gatehouse-[\da-f]{12}$/);
  });
});
