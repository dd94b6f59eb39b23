import { readFileSync } from 'node:fs';
import { Test } from '@nestjs/testing';
import { ServiceUnavailableException } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';
import { beforeAll, describe, expect, it } from 'vitest';
import { HealthController } from '../../src/health/health.controller.js';
import { HealthModule } from '../../src/health/health.module.js';
import { Readiness } from '../../src/health/readiness.js';
import type { UpstreamState } from '../../src/health/upstream-states.js';
import type { Backend, Veto } from '../../src/upstream/backend.js';

const page = readFileSync(new URL('../../docs/health.md', import.meta.url), 'utf8');

/** The rows of the table that begins with this cell, without its head. */
function rowsOf(head: string): string[][] {
  const lines = page.split('\n');
  const from = lines.findIndex(line => line.startsWith(`| ${head} `)) + 2;
  const to = lines.findIndex((line, index) => index > from && !line.startsWith('|'));
  return lines.slice(from, to).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

interface World {
  readonly readiness: Readiness;
  upstreams: readonly UpstreamState[];
  refusal: string | undefined;
}

function backend(id: string, changes: Partial<Backend> = {}): Backend {
  const url = new URL(`http://${id}`);
  return { id, url, socketPath: undefined, weight: 1, backup: false, inFlight: 0, vetoes: new Set<Veto>(), ...changes };
}
const down = (id: string): Backend => backend(id, { vetoes: new Set<Veto>(['unhealthy']) });

function upstream(name: string, ...backends: Backend[]): UpstreamState {
  return { name, backends, available: backends.filter(({ vetoes }) => vetoes.size === 0) };
}

const orders = upstream('orders', backend('a:1'), backend('b:1'));

/** What makes each row of the table true, in a gateway that is ready with all of its backends. */
const situations: Readonly<Record<string, (world: World) => void>> = {
  'it starts, and its listeners are not open yet': () => undefined,
  'all backends may be used': () => undefined,
  'there is no upstream: it redirects, or answers by itself': world => (world.upstreams = []),
  'a backend is out, and its upstream has another': world =>
    (world.upstreams = [upstream('orders', backend('a:1'), down('b:1'))]),
  'an upstream has no backend left, and another one has': world =>
    (world.upstreams = [orders, upstream('users', down('c:1'))]),
  'no upstream has a backend left': world =>
    (world.upstreams = [upstream('orders', down('a:1')), upstream('users', down('c:1'))]),
  'a backend has the weight 0 by hand': world =>
    (world.upstreams = [upstream('orders', backend('a:1'), backend('b:1', { weight: 0 }))]),
  'discovery fails, and what it has found before is used': world =>
    (world.upstreams = [{ ...orders, discoveryFailure: 'no A records of orders.test' }]),
  'the configuration that was asked for last was refused': world => (world.refusal = 'gateway.yaml:3:1: no such key'),
  'all worker threads have died, and none has been replaced yet': world => (world.readiness.isServed = false),
  'it ends, and what is in flight may still finish': world => world.readiness.drain(),
};

async function answers(situation: string): Promise<string[]> {
  const world: World = { readiness: new Readiness(), upstreams: [orders], refusal: undefined };
  const { readiness } = world;
  const sources = { readiness, upstreams: () => world.upstreams, configRefusal: () => world.refusal };
  const module = await Test.createTestingModule({
    imports: [HealthModule.unrouted({ inject: [], useFactory: () => sources })],
  }).compile();
  if (!situation.startsWith('it starts')) world.readiness.ready();
  situations[situation]!(world);
  const health = module.get(HealthController, { strict: false });
  const asked = [];
  for (const question of ['live', 'startup', 'ready'] as const) asked.push(await answered(health[question]()));
  const whole = await answered(health.health());
  expect(whole.code).toBe(asked[2]!.code);
  return [...asked.map(({ code }) => String(code)), `\`${whole.body.status}\``];
}

async function answered(asked: Promise<HealthCheckResult>): Promise<{ code: number; body: HealthCheckResult }> {
  try {
    return { code: 200, body: await asked };
  } catch (error) {
    const refused = error as ServiceUnavailableException;
    return { code: refused.getStatus(), body: refused.getResponse() as HealthCheckResult };
  }
}

describe('docs/health.md', () => {
  let rows: string[][];

  beforeAll(() => {
    rows = rowsOf('when');
  });

  it('has a row for each situation', () => {
    expect(rows.map(([when]) => when).toSorted()).toEqual(Object.keys(situations).toSorted());
  });

  it.each(Object.keys(situations))('tells what is answered when %s', async situation => {
    const [, ...told] = rows.find(([when]) => when === situation) ?? [];
    expect(await answers(situation)).toEqual(told);
  });

  it('shows a document that tells each reason once', () => {
    const [, shown = '{}'] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    const { details, error, info, status } = JSON.parse(shown) as HealthCheckResult;
    expect([status, error]).toEqual(['degraded', {}]);
    expect(Object.keys(details)).toEqual(Object.keys(info ?? {}));
    expect(shown.split('answered 500')).toHaveLength(2);
  });
});
