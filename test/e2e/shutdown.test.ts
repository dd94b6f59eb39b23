import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, answer, startBackend } from '../support/backend.js';
import type { Child } from '../support/child.js';
import { closeLater } from '../support/cleanup.js';
import { BrokenResponse, type Response, connectRaw, request } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { type RunningGateway, startGateway } from '../support/program.js';
import { scaled } from '../support/scale.js';
import { configFile, spawnProgram } from './spawn.js';

/** A backend whose answers to `/slow` and `/body` end when the test says so; `/body` has its head at once. `/never` has no answer. */
async function startHeldBackend(): Promise<{ backend: TestBackend; release: () => void }> {
  const held = Promise.withResolvers<void>();
  const backend = await startBackend(async (incoming, response) => {
    if (incoming.url === '/body') response.write('first half, ');
    if (incoming.url === '/never') return;
    if (incoming.url !== '/') await held.promise;
    response.end('done');
  });
  return { backend, release: held.resolve };
}

const configFor = (backend: TestBackend, grace = '20s'): object => ({
  shutdown: { grace },
  upstreams: { app: { backends: [backend.url] } },
});

const drained = ({ adminPort }: RunningGateway | InProcessGateway): Promise<unknown> =>
  eventually(async () => expect((await request(adminPort, { path: '/health/ready' })).status).toBe(503));

/** Requests at `/slow` and `/body` that are under way at the backend. */
async function sendHeld(port: number, backend: TestBackend) {
  const slow = request(port, { path: '/slow' });
  const streaming = request(port, { path: '/body' });
  // One of them may fail before the test looks at it.
  for (const each of [slow, streaming]) each.catch(() => undefined);
  await eventually(() =>
    expect(backend.requests.map(({ url }) => url)).toEqual(expect.arrayContaining(['/slow', '/body'])),
  );
  return { slow, streaming };
}

/** A client that uses one connection as long as it may. */
class KeepAliveClient {
  answered = 0;
  /** Answers that asked for the end of their connection. */
  told = 0;
  /** What went wrong on a connection that stood. */
  readonly failures: unknown[] = [];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly port: number) {
    closeLater(() => this.#agent.destroy());
  }

  /** Sends one request after the other until the gateway takes no connection any more. */
  async run(): Promise<void> {
    for (;;) {
      let response: Response;
      try {
        response = await request(this.port, { agent: this.#agent });
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) this.failures.push(error);
        return;
      }
      if (response.status !== 200) this.failures.push(response.status);
      if (response.header('connection') === 'close') this.told++;
      this.answered++;
    }
  }
}

/** Clients in the middle of their work, and what they may have to complain about in the end. */
async function startClients(port: number, count: number): Promise<() => Promise<void>> {
  const clients = Array.from({ length: count }, () => new KeepAliveClient(port));
  const running = Promise.all(clients.map(client => client.run()));
  await eventually(() => clients.every(client => client.answered >= 5), { deadline: 20_000 });
  return async () => {
    await running;
    expect(clients.flatMap(client => client.failures)).toEqual([]);
    expect(clients.map(client => client.told)).toEqual(clients.map(() => 1));
  };
}

/** Lets a gateway end in the midst of its work: it loses nothing of what it has begun, and begins nothing new. */
async function expectGentleEnd(
  gateway: RunningGateway | InProcessGateway,
  { backend, release }: Awaited<ReturnType<typeof startHeldBackend>>,
  end: () => unknown,
): Promise<void> {
  const expectServed = await startClients(gateway.port, 10);
  const { slow, streaming } = await sendHeld(gateway.port, backend);
  const idle = await connectRaw(gateway.port);
  expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(200);
  end();
  await drained(gateway);
  expect((await request(gateway.adminPort, { path: '/health/live' })).status).toBe(200);
  await expect(request(gateway.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expectServed();
  // A connection that stood already is still served.
  idle.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await idle.response()).toMatchObject({ status: 200, text: 'done' });
  expect(await idle.closed()).toBe('end');
  release();
  expect(await slow).toMatchObject({ status: 200, text: 'done' });
  expect((await slow).header('connection')).toBe('close');
  expect(await streaming).toMatchObject({ status: 200, text: 'first half, done' });
}

describe('after SIGTERM', () => {
  it('loses no request of its keep-alive clients, says goodbye to each of them, lets what is in flight finish, while nothing new comes in, and ends with 0', async () => {
    const held = await startHeldBackend();
    const gateway = await startGateway(configFor(held.backend));
    await expectGentleEnd(gateway, held, () => gateway.signal('SIGTERM'));
    expect(await gateway.child.exited).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe('');
  });
});

// That it ends with 0 is seen where the demo is ended; that a second SIGTERM ends it at once, among the tests of tunnels.
describe('after SIGINT', () => {
  it('loses no request of its keep-alive clients, says goodbye to each of them, lets what is in flight finish, while nothing new comes in, and ends at once when it is sent a second time', async () => {
    const held = await startHeldBackend();
    const gateway = await startGateway(configFor(held.backend));
    const never = request(gateway.port, { path: '/never' }).catch((error: unknown) => error);
    await held.backend.received();
    await expectGentleEnd(gateway, held, () => gateway.signal('SIGINT'));
    expect(gateway.child.exit).toBeUndefined();
    gateway.signal('SIGINT');
    expect(await gateway.child.exited).toEqual({ code: 130, signal: null });
    expect(await never).toBeInstanceOf(Error);
    expect(gateway.stderr).toBe('');
  });
});

describe('a gateway that is part of another program, when it is stopped', () => {
  it('loses no request of its keep-alive clients either, and lets what is in flight finish', async () => {
    const held = await startHeldBackend();
    const gateway = await startInProcess(configFor(held.backend));
    let stopped: Promise<number> | undefined;
    await expectGentleEnd(gateway, held, () => (stopped = gateway.stop(20_000)));
    expect(await stopped).toBe(0);
  });
});

describe('when the grace period is over', () => {
  it('cuts what is left, visibly', async () => {
    const { backend } = await startHeldBackend();
    const gateway = await startInProcess(configFor(backend, '400ms'));
    const { slow, streaming } = await sendHeld(gateway.port, backend);
    const stopping = performance.now();
    expect(await gateway.gateway.stop()).toBe(2);
    expect(performance.now() - stopping).toBeGreaterThan(390);
    expect((await slow).status).toBe(503);
    expect((await slow).header('x-gateway-error')).toBe('DRAINING');
    await expect(streaming).rejects.toBeInstanceOf(BrokenResponse);
    const lines = gateway.logs.filter(({ msg }) => msg === 'exchange');
    expect(lines.map(({ path, error }) => [path, error])).toEqual(
      expect.arrayContaining([
        ['/slow', 'DRAINING'],
        ['/body', 'DRAINING'],
      ]),
    );
    expect(gateway.logs).toContainEqual(expect.objectContaining({ level: 40, exchanges: 2 }));
  });

  it('does not wait for clients that only keep a connection open', async () => {
    const backend = await startBackend(answer(200, 'ok'));
    const gateway = await startInProcess(configFor(backend, '60s'));
    const silent = await connectRaw(gateway.port);
    const idle = await connectRaw(gateway.port);
    idle.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await idle.response()).status).toBe(200);
    // The test would time out long before the grace period ends.
    expect(await gateway.gateway.stop()).toBe(0);
    await Promise.all([silent.closed(), idle.closed()]);
  });
});

describe('a signal while it starts', () => {
  let file: string;
  let startTime: number;
  let first: Child;

  beforeAll(async () => {
    file = await configFile({ upstreams: { app: { backends: ['http://127.0.0.1:9'] } } });
    const spawned = performance.now();
    first = spawnProgram(['run', '--config', file]);
    await first.until(() => first.stdout !== '', 'it said something');
    startTime = performance.now() - spawned;
    first.process.kill('SIGINT');
  });

  it('SIGINT at its first sign of life ends it without a stack', async () => {
    const { code, signal } = await first.exited;
    expect([0, 'SIGINT']).toContain(code ?? signal);
    expect(first.stderr).toBe('');
  });

  const shares = scaled([0, 40, 80], [0, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 100]);
  it.each(shares)('after %d percent of the time that takes ends it without a stack', async share => {
    const child = spawnProgram(['run', '--config', file]);
    // The moment is the point here, not something to wait for.
    await pause((startTime * share) / 100);
    const { code, signal } = await child.stop('SIGTERM', 10_000);
    expect([0, 'SIGTERM']).toContain(code ?? signal);
    expect(child.stderr).toBe('');
  });
});
