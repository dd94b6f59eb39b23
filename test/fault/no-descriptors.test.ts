import { readdirSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { connectRaw, request, type RawClient } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway, type RunningGateway } from '../support/program.js';
import { startScripted, type ScriptedBackend } from '../support/scripted-backend.js';

const openFiles = 128;
/** Of each listener: more than the process has descriptors for, with both. */
const crowd = 50;

describe('a gateway that has too few descriptors for its clients', () => {
  let backend: ScriptedBackend;
  let gateway: RunningGateway;
  let streams: { status: number; code: string | undefined }[];
  let clients: RawClient[];
  let session: ClientHttp2Session;

  const descriptors = (): number => readdirSync(`/proc/${gateway.pid}/fd`).length;

  beforeAll(async () => {
    backend = await startScripted('a', call => (call.url === '/health' ? call.answer() : undefined));
    const { certFile, keyFile } = await makeCertificate();
    const local = { host: '127.0.0.1', port: 0 };
    gateway = await startGateway(
      {
        listeners: [
          { name: 'web', ...local },
          { name: 'secure', ...local, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
        ],
        upstreams: {
          app: {
            backends: [backend.url],
            circuitBreaker: { volumeThreshold: 5 },
            healthCheck: { path: '/health', interval: '1s', timeout: '1s', unhealthyAfter: 3 },
          },
        },
      },
      { openFiles },
    );
    streams = [];
    ({ session } = await connectHttp2(gateway.ports['secure']!));
    for (let number = 0; number < crowd * 2; number++) {
      const stream = session.request({ ':path': `/held/${number}` }).on('error', () => undefined);
      stream.on('response', ({ ':status': status = 0, 'x-gateway-error': code }) =>
        streams.push({ status, code: code?.toString() }),
      );
    }
    await eventually(() => streams.length + backend.calls.filter(({ url }) => url !== '/health').length === crowd * 2);
    clients = await Promise.all(
      Array.from({ length: crowd * 2 }, (_, number) => connectRaw(gateway.ports[number % 2 === 0 ? 'web' : 'secure']!)),
    );
    await eventually(() => clients.filter(({ state }) => state !== 'open').length > crowd);
  });

  it('answers 503 to requests for which it may open no connection, and names itself as the cause', () => {
    expect(streams.length).toBeGreaterThan(0);
    expect(new Set(streams.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['503 EXHAUSTED']));
  });

  it('refuses clients before it has run out, over all its listeners together', async () => {
    const open = clients.filter(({ state }) => state === 'open').length;
    expect(open).toBeGreaterThan(crowd / 4);
    expect(open).toBeLessThan(openFiles / 2);
    expect(descriptors()).toBeLessThan(openFiles - 8);
  });

  it('can be asked by its operator all the same', async () => {
    for (let number = 0; number < 5; number++)
      expect((await request(gateway.adminPort, { path: '/health' })).status).toBe(200);
  });

  it('holds nothing against the backend: its circuit is closed, and its probes count', async () => {
    const probes = (): number => backend.calls.filter(({ url }) => url === '/health').length;
    const before = probes();
    await eventually(() => probes() > before);
    expect(Object.values(await vetoesAt(gateway.adminPort))).toEqual([[]]);
  });

  it('says it once in its log, with the remedy', async () => {
    // Refused streams have lines of access after it.
    await gateway.waitForLog(({ error }) => error === 'EXHAUSTED');
    const told = gateway.logs().filter(({ msg = '' }) => msg.includes('open files'));
    expect(told).toEqual([expect.objectContaining({ level: 40, openFiles, msg: expect.stringMatching(/ulimit -n/) })]);
  });

  it('serves again when there is room', async () => {
    session.destroy();
    for (const { socket } of clients) socket.destroy();
    await eventually(async () => {
      const client = await connectRaw(gateway.ports['web']!);
      client.send('GET /again HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await eventually(() => client.state !== 'open' || backend.calls.some(({ url }) => url === '/again'));
      return backend.calls.some(({ url }) => url === '/again');
    });
  });
});
