import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, answer, startBackend } from '../support/backend.js';
import type { Child } from '../support/child.js';
import { closeLater } from '../support/cleanup.js';
import { BrokenResponse, type Response, connectRaw, request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { type RunningGateway, startGateway } from '../support/program.js';
import { configFile, spawnProgram } from './spawn.js';
import { scaled } from '../support/scale.js';

/** A backend whose answers to `/slow` and `/body` end when the test says so; `/body` has its head at once. */
async function startHeldBackend(): Promise<{ backend: TestBackend; release: () => void }> {
  const held = Promise.withResolvers<void>();
  const backend = await startBackend(async (incoming, response) => {
    if (incoming.url === '/body') response.write('first half, ');
    if (incoming.url !== '/') await held.promise;
    response.end('done');
  });
  return { backend, release: held.resolve };
}

async function startFor(backend: TestBackend, grace = '20s'): Promise<RunningGateway> {
  return startGateway({ shutdown: { grace }, upstreams: { app: { backends: [backend.url] } } });
}

const drained = (gateway: RunningGateway) =>
  eventually(async () => expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(503));

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

describe('after SIGTERM', () => {
  it('loses no request of its keep-alive clients, and says goodbye to each of them', async () => {
    const backend = await startBackend(answer(200, 'ok'));
    const gateway = await startFor(backend);
    const clients = Array.from({ length: 20 }, () => new KeepAliveClient(gateway.port));
    const running = Promise.all(clients.map(client => client.run()));
    await eventually(() => clients.every(client => client.answered >= 5), { deadline: 20_000 });
    expect(await gateway.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await running;
    expect(clients.flatMap(client => client.failures)).toEqual([]);
    expect(clients.map(client => client.told)).toEqual(clients.map(() => 1));
    expect(gateway.stderr).toBe('');
  });
});

describe.each(['SIGTERM', 'SIGINT'] as const)('after %s', signal => {
  it('lets what is in flight finish, while nothing new comes in', async () => {
    const { backend, release } = await startHeldBackend();
    const gateway = await startFor(backend);
    const idle = await connectRaw(gateway.port);
    const slow = request(gateway.port, { path: '/slow' });
    const streaming = request(gateway.port, { path: '/body' });
    await eventually(() => expect(backend.requests).toHaveLength(2));
    expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(200);
    gateway.signal(signal);
    await drained(gateway);
    expect((await request(gateway.adminPort, { path: '/health/live' })).status).toBe(200);
    await expect(request(gateway.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // A connection that stood already is still served.
    idle.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await idle.response()).toMatchObject({ status: 200, text: 'done' });
    expect(await idle.closed()).toBe('end');
    release();
    expect(await slow).toMatchObject({ status: 200, text: 'done' });
    expect((await slow).header('connection')).toBe('close');
    expect(await streaming).toMatchObject({ status: 200, text: 'first half, done' });
    expect(await gateway.child.exited).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe('');
  });

  it('ends at once when it is sent a second time', async () => {
    const { backend } = await startHeldBackend();
    const gateway = await startFor(backend);
    const slow = request(gateway.port, { path: '/slow' }).catch((error: unknown) => error);
    await backend.received();
    gateway.signal(signal);
    await drained(gateway);
    gateway.signal(signal);
    expect(await gateway.child.exited).toEqual({ code: signal === 'SIGTERM' ? 143 : 130, signal: null });
    expect(await slow).toBeInstanceOf(Error);
    expect(gateway.stderr).toBe('');
  });
});

describe('when the grace period is over', () => {
  it('cuts what is left, visibly, and ends with 0', async () => {
    const { backend } = await startHeldBackend();
    const gateway = await startFor(backend, '1s');
    const slow = request(gateway.port, { path: '/slow' });
    const streaming = request(gateway.port, { path: '/body' }).catch((error: unknown) => error);
    await eventually(() => expect(backend.requests).toHaveLength(2));
    const signalled = performance.now();
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    const took = performance.now() - signalled;
    expect(took).toBeGreaterThan(900);
    expect((await slow).status).toBe(503);
    expect((await slow).header('x-gateway-error')).toBe('DRAINING');
    expect(await streaming).toBeInstanceOf(BrokenResponse);
    const lines = gateway.logs().filter(({ msg }) => msg === 'exchange');
    expect(lines.map(({ path, error }) => [path, error])).toEqual(
      expect.arrayContaining([
        ['/slow', 'DRAINING'],
        ['/body', 'DRAINING'],
      ]),
    );
    expect(gateway.logs()).toContainEqual(expect.objectContaining({ level: 40, exchanges: 2 }));
    expect(gateway.stderr).toBe('');
  });

  it('does not wait for clients that only keep a connection open', async () => {
    const backend = await startBackend(answer(200, 'ok'));
    const gateway = await startFor(backend, '60s');
    const silent = await connectRaw(gateway.port);
    const idle = await connectRaw(gateway.port);
    idle.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await idle.response()).status).toBe(200);
    // Well within the grace period.
    expect(await gateway.stop('SIGTERM', 15_000)).toEqual({ code: 0, signal: null });
    await Promise.all([silent.closed(), idle.closed()]);
  });
});

describe('a signal while it starts', () => {
  let file: string;
  let startTime: number;

  const isUp = (child: Child): boolean => child.stdout.includes('"listener":"admin"');

  beforeAll(async () => {
    file = await configFile({ upstreams: { app: { backends: ['http://127.0.0.1:9'] } } });
    const spawned = performance.now();
    const child = spawnProgram(['run', '--config', file]);
    await child.until(() => isUp(child), 20_000, 'it was up');
    startTime = performance.now() - spawned;
    await child.stop();
  });

  const shares = scaled([0, 30, 60, 90], [0, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 100]);
  it.each(shares)('after %d percent of the time that takes ends it without a stack', async share => {
    const child = spawnProgram(['run', '--config', file]);
    // The moment is the point here, not something to wait for.
    await pause((startTime * share) / 100);
    const { code, signal } = await child.stop('SIGTERM', 10_000);
    expect([0, 'SIGTERM']).toContain(code ?? signal);
    expect(child.stderr).toBe('');
  });

  it('SIGINT at its first sign of life ends it without a stack', async () => {
    const child = spawnProgram(['run', '--config', file]);
    await child.until(() => child.stdout !== '', 20_000, 'it said something');
    const exit = await child.stop('SIGINT', 10_000);
    expect([0, 'SIGINT']).toContain(exit.code ?? exit.signal);
    expect(child.stderr).toBe('');
  });
});
