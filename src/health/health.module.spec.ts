import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { HealthCheckResult } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Backend, Veto } from '../upstream/backend.js';
import { HealthController } from './health.controller.js';
import { HealthModule } from './health.module.js';
import { Readiness } from './readiness.js';
import type { UpstreamState } from './upstream-states.js';

function backend(id: string, ...vetoes: Veto[]): Backend {
  const url = new URL(`http://${id}`);
  return { id, url, socketPath: undefined, weight: 1, backup: false, inFlight: 0, vetoes: new Set(vetoes) };
}

function upstream(name: string, ...backends: Backend[]): UpstreamState {
  return { name, backends, available: backends.filter(({ vetoes }) => vetoes.size === 0) };
}

async function setup(...initial: UpstreamState[]) {
  const readiness = new Readiness();
  const world = { upstreams: initial, refusal: undefined as string | undefined };
  const sources = { readiness, upstreams: () => world.upstreams, configRefusal: () => world.refusal };
  const unrouted = HealthModule.unrouted({ inject: [], useFactory: () => sources });
  const module = await Test.createTestingModule({
    imports: [{ ...unrouted, controllers: [HealthController] }],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  await app.init();
  onTestFinished(() => app.close());
  const get = async (path: string): Promise<{ code: number; body: HealthCheckResult }> => {
    const response = await app.inject({ method: 'GET', url: path });
    return { code: response.statusCode, body: response.json() };
  };
  return { app, readiness, world, get };
}

describe('readiness', () => {
  it('is 503 while starting, 200 when ready, 503 again while draining', async () => {
    const { readiness, get } = await setup(upstream('orders', backend('a:1')));
    expect((await get('/health/ready')).code).toBe(503);
    readiness.ready();
    expect(await get('/health/ready')).toMatchObject({
      code: 200,
      body: { status: 'ok', info: { gateway: { state: 'ready' } } },
    });
    readiness.drain();
    const draining = { status: 'error', error: { gateway: { status: 'down', state: 'draining' } } };
    expect(await get('/health/ready')).toMatchObject({ code: 503, body: draining });
  });

  it('does not come back from draining', async () => {
    const { readiness, get } = await setup(upstream('orders', backend('a:1')));
    readiness.drain();
    readiness.ready();
    expect((await get('/health/ready')).code).toBe(503);
  });

  it('stays while one upstream of two still works, and shows the other as degraded', async () => {
    const { readiness, get } = await setup(
      upstream('orders', backend('a:1')),
      upstream('users', backend('b:1', 'unhealthy')),
    );
    readiness.ready();
    const { code, body } = await get('/health/ready');
    expect(code).toBe(200);
    expect(body.status).toBe('degraded');
    expect(body.details['upstream:orders']).toEqual({ status: 'up', backends: 1, available: 1 });
    expect(body.details['upstream:users']).toEqual({ status: 'degraded', backends: 1, available: 0 });
  });

  it('goes when no upstream has an available backend, and comes back with the first', async () => {
    const down = [upstream('orders', backend('a:1', 'circuit-open')), upstream('users')];
    const { readiness, world, get } = await setup(...down);
    readiness.ready();
    const { code, body } = await get('/health/ready');
    expect(code).toBe(503);
    expect(Object.keys(body.error ?? {})).toEqual(['upstream:orders', 'upstream:users']);
    world.upstreams = [upstream('orders', backend('a:1')), upstream('users')];
    expect((await get('/health/ready')).code).toBe(200);
  });

  it('does not need an upstream: a gateway may only redirect', async () => {
    const { readiness, get } = await setup();
    readiness.ready();
    expect((await get('/health/ready')).code).toBe(200);
  });
});

describe('the start', () => {
  it('is over for good when the gateway has been ready once', async () => {
    const { readiness, world, get } = await setup(upstream('orders', backend('a:1')));
    const starting = { status: 'error', error: { gateway: { status: 'down', state: 'starting' } } };
    expect(await get('/health/startup')).toMatchObject({ code: 503, body: starting });
    readiness.ready();
    const started = { status: 'ok', info: { gateway: { status: 'up', state: 'ready' } } };
    expect(await get('/health/startup')).toMatchObject({ code: 200, body: started });
    world.upstreams = [upstream('orders', backend('a:1', 'unhealthy'))];
    readiness.isServed = false;
    expect((await get('/health/startup')).code).toBe(200);
    readiness.drain();
    expect(await get('/health/startup')).toMatchObject({ code: 200, body: { status: 'ok' } });
  });

  it('is never over where the gateway is ended before', async () => {
    const { readiness, get } = await setup(upstream('orders', backend('a:1')));
    readiness.drain();
    readiness.ready();
    expect((await get('/health/startup')).code).toBe(503);
  });
});

describe('liveness', () => {
  it('is 200 in every state, as long as the process answers', async () => {
    const { readiness, get } = await setup(upstream('orders', backend('a:1', 'unhealthy')));
    expect((await get('/health/live')).code).toBe(200);
    readiness.drain();
    expect(await get('/health/live')).toMatchObject({
      code: 200,
      body: { status: 'ok', details: { process: { status: 'up' } } },
    });
  });

  it('and the start do not suffer from the end of the application around the gateway, in which requests are still drained', async () => {
    const { app, readiness } = await setup(upstream('orders', backend('a:1')));
    readiness.ready();
    readiness.drain();
    await app.close();
    const health = app.get(HealthController);
    expect(await health.live()).toMatchObject({ status: 'ok' });
    expect(await health.startup()).toMatchObject({ status: 'ok', info: { gateway: { state: 'draining' } } });
    await expect(health.ready()).rejects.toMatchObject({ status: 503, response: { status: 'shutting_down' } });
  });
});

describe('the whole picture of health', () => {
  it('names the backends that are out and why', async () => {
    const backends = [backend('a:1'), backend('b:1', 'unhealthy', 'circuit-open'), backend('c:1', 'draining')];
    const { readiness, get } = await setup(upstream('orders', ...backends));
    readiness.ready();
    const { code, body } = await get('/health');
    expect(code).toBe(200);
    expect(body.details['upstream:orders']).toEqual({
      status: 'degraded',
      backends: 3,
      available: 1,
      out: { 'b:1': ['unhealthy', 'circuit-open'], 'c:1': ['draining'] },
    });
  });

  it('says what was wrong, where that is known', async () => {
    const out = {
      ...backend('a:1', 'unhealthy', 'draining'),
      reasons: new Map([['unhealthy', 'answered 500'] as const]),
    };
    const { readiness, get } = await setup(upstream('orders', out, backend('b:1')));
    readiness.ready();
    expect((await get('/health')).body.details['upstream:orders']).toEqual({
      status: 'degraded',
      backends: 2,
      available: 1,
      out: { 'a:1': ['unhealthy', 'draining'] },
      reasons: { 'a:1': { unhealthy: 'answered 500' } },
    });
  });

  it('says why it is not known which backends there are, and only to those who may see the whole', async () => {
    const orders = { ...upstream('orders', backend('a:1')), discoveryFailure: 'no A records of orders.test' };
    const { readiness, get } = await setup(orders);
    readiness.ready();
    const counts = { status: 'up', backends: 1, available: 1 };
    expect((await get('/health/ready')).body.details['upstream:orders']).toEqual(counts);
    expect((await get('/health')).body.details['upstream:orders']).toEqual({
      ...counts,
      out: {},
      discovery: 'fails: no A records of orders.test',
    });
  });

  it('tells each reason once, and the counts where Terminus has them', async () => {
    const out = { ...backend('a:1', 'unhealthy'), reasons: new Map([['unhealthy', 'answered 500'] as const]) };
    const { readiness, world, get } = await setup(upstream('orders', out), upstream('users', backend('b:1')));
    world.refusal = 'gateway.yaml:3:1: no such key';
    readiness.ready();
    const { body } = await get('/health');
    const text = JSON.stringify(body);
    for (const reason of ['answered 500', 'no such key', '"out":{"a:1"']) expect(text.split(reason)).toHaveLength(2);
    expect(body.info).toEqual({
      gateway: { status: 'degraded', state: 'ready' },
      'upstream:orders': { status: 'degraded', backends: 1, available: 0 },
      'upstream:users': { status: 'up', backends: 1, available: 1 },
    });
    expect(body.details['gateway']).toHaveProperty('configuration', 'not changed: gateway.yaml:3:1: no such key');
    world.upstreams = [upstream('orders', out)];
    const down = (await get('/health')).body;
    expect(down.error).toEqual({ 'upstream:orders': { status: 'down', backends: 1, available: 0 } });
    expect(JSON.stringify(down).split('answered 500')).toHaveLength(2);
  });

  it('gives the same verdict as readiness', async () => {
    const { readiness, get } = await setup(upstream('orders', backend('a:1', 'unhealthy')));
    readiness.ready();
    expect((await get('/health')).code).toBe(503);
  });
});
