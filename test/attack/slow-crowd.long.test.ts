import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { startLoad, tookOf } from '../support/load.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway } from '../support/program.js';
import { quantile } from '../support/quantile.js';
import { slowClients } from '../support/slow-client.js';
import { tempFolder } from '../support/temp.js';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`;
const largeBody = Buffer.alloc(8 * 1024 * 1024, 'x');

async function largeFile(): Promise<string> {
  const file = join(await tempFolder(), 'large.txt');
  await writeFile(file, largeBody.subarray(0, 1024 * 1024));
  return file;
}

/** Memory of a process in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

it('two thousand slow clients are cut in time, and harm no other client', { timeout: 150_000 }, async () => {
  const backend = await startBackend(
    (incoming, response) => {
      if (incoming.url === '/8mb') response.end(largeBody);
      else incoming.on('end', () => response.end(`a ${incoming.method} ${incoming.url}`));
    },
    { keepBody: 0 },
  );
  const gateway = await startGateway({
    listeners: [
      {
        name: 'web',
        host: '127.0.0.1',
        port: 0,
        limits: { connections: 2_100, headerTimeout: '20s', minBodyRate: '240b', writeTimeout: '30s' },
      },
    ],
    logging: { access: { exclude: ['/load/*'] } },
    upstreams: { app: { backends: [backend.url], connections: { max: 2_000 } } },
    routes: [
      { match: { path: '/1mb' }, respond: { status: 200, body: { file: await largeFile() } } },
      { match: { path: '/*' }, upstream: 'app' },
    ],
  });
  const { port } = gateway;
  const load = startLoad(port, { connections: 16, rate: 200 });
  await eventually(() => load.answers.length > 200);
  const memoryBefore = await memoryOf(gateway.pid);

  // A connection that stands for its client may still wait for the gateway to take it. Asking counts handles, so not too often.
  const taken = (count: number): Promise<unknown> =>
    eventually(
      async () => {
        const open = await metricAt(gateway.adminPort, 'gatehouse_connections_open', { listener: 'web' });
        expect(open).toBeGreaterThanOrEqual(count);
      },
      { interval: 250, deadline: 25_000, what: `${count} connections` },
    );
  // The kernel takes all of a small response, and nothing waits in the gateway then; of a large one it does.
  const readers = await slowClients(port, 50, get('/8mb'), false);
  await slowClients(port, 450, get('/1mb'), false);
  await taken(500);
  const heads = await slowClients(port, 1_000, 'GET / HTTP/1.1\r\nHost: a.example\r\nX-Drip: ');
  await taken(1_500);
  const bodies = await slowClients(port, 500, 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n');
  const dripping = setInterval(() => {
    heads.drip('x');
    bodies.drip('x');
  }, 500);
  closeLater(() => clearInterval(dripping));

  // Not all two thousand: on a busy machine the first of these are cut before the last are taken.
  await taken(1_700);
  const heldFrom = performance.now();
  const memoryHeld = await memoryOf(gateway.pid);
  expect(memoryHeld - memoryBefore).toBeLessThan(300);

  // A client that does not read does not notice its end, so the log is read for those.
  const cut = () => gateway.logs().filter(({ path, error }) => path === '/8mb' && error === 'CLIENT_ABORTED');
  await eventually(() => heads.open === 0 && bodies.open === 0 && cut().length === readers.count, { deadline: 50_000 });
  clearInterval(dripping);
  for (const crowd of [heads, bodies]) expect(crowd.lasted).toHaveLength(crowd.count);
  // Each not before its time, and not long after: two cores carry both sides of all this, and other tests.
  expect(Math.min(...heads.lasted)).toBeGreaterThan(19_900);
  expect(Math.max(...heads.lasted)).toBeLessThan(40_000);
  expect(Math.min(...bodies.lasted)).toBeGreaterThan(19_900);
  expect(Math.max(...bodies.lasted)).toBeLessThan(40_000);
  for (const { status, reason } of cut()) {
    expect(status).toBe(499);
    expect(Number(/^read nothing for (\d+) ms$/.exec(String(reason))?.[1])).toBeGreaterThanOrEqual(30_000);
  }
  for (const { answers, count } of [heads, bodies]) {
    expect(answers).toHaveLength(count);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  }

  const answers = (await load.stop()).filter(({ startedAt }) => startedAt > heldFrom);
  expect(load.errors).toEqual({});
  expect(answers.length).toBeGreaterThan(500);
  expect(quantile(answers.map(tookOf), 0.5)).toBeLessThan(500);
  expect(quantile(answers.map(tookOf), 0.99)).toBeLessThan(3_000);
});
