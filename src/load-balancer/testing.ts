import assert from 'node:assert/strict';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates, Outcome } from '../upstream/backend.js';
import type { LoadBalancingStrategy } from './strategy.js';

/** The two functions of a test runner that the suite needs; those of vitest, jest and node:test fit. */
export interface TestRunner {
  describe(name: string, suite: () => void): unknown;
  it(name: string, test: () => void | Promise<void>): unknown;
}

/** Properties of a strategy for `describeStrategy`. */
export interface StrategyTraits {
  /** True when idle backends get shares by their weights; the suite then checks it. Default: false. */
  readonly weighted?: boolean;
}

/** A backend for tests that may be changed while the test runs; every field has a default. */
export type TestBackend = { -readonly [Key in keyof Backend]: Backend[Key] };

/** A backend for tests: idle, of weight 1, without vetoes. */
export function testBackend(fields: Partial<Backend> = {}): TestBackend {
  const id = fields.id ?? '127.0.0.1:3000';
  const url = fields.url ?? new URL('http://127.0.0.1:3000');
  return { id, url, socketPath: undefined, weight: 1, backup: false, inFlight: 0, vetoes: new Set(), ...fields };
}

/** Backends for tests, named `backend-0`, `backend-1` and so on, one for each weight. */
export function testBackends(...weights: number[]): [TestBackend, ...TestBackend[]] {
  const [first, ...rest] = weights.map((weight, index) => testBackend({ id: `backend-${index}`, weight }));
  assert.ok(first !== undefined, 'at least one weight');
  return [first, ...rest];
}

/** The head of a request for tests: a plain `GET /` without headers. */
export function testRequest(fields: Partial<RequestInfo> = {}): RequestInfo {
  const defaults = { id: 'request', protocol: 'http', method: 'GET', host: 'shop.example', path: '/' } as const;
  return { ...defaults, headers: {}, clientIp: '192.0.2.1', ...fields };
}

/**
 * The head of a request of the client with this number; equal numbers make equal clients, and different numbers up to 2²⁴ make
 * different ones.
 */
export function testClient(number: number): RequestInfo {
  const clientIp = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const headers = { 'x-user': `user-${number}`, cookie: `session=${number}` };
  return testRequest({ id: `request-${number}`, path: `/items/${number}`, headers, clientIp });
}

/**
 * Tests the rules that every load-balancing strategy must keep: call it in the spec of your strategy. `create` makes a new,
 * configured instance. No test depends on time; one makes picks for 45,000 clients.
 * @throws TypeError without a `runner`.
 */
export function describeStrategy(
  name: string,
  create: () => LoadBalancingStrategy | Promise<LoadBalancingStrategy>,
  runner: TestRunner,
  traits: StrategyTraits = {},
): void {
  const { describe, it }: Partial<TestRunner> = (runner as TestRunner | undefined) ?? {};
  if (describe === undefined || it === undefined) {
    throw new TypeError('describeStrategy needs your test runner as its third argument: { describe, it }.');
  }
  describe(`${name} as a load-balancing strategy`, () => {
    it('picks the only candidate', async () => {
      const strategy = await create();
      const candidates = testBackends(1);
      for (let client = 0; client < 100; client++) pickChecked(strategy, candidates, testClient(client));
    });

    it('picks one of the candidates, the very object', async () => {
      const strategy = await create();
      const candidates = testBackends(1, 5, 1, 1000, 2);
      for (let client = 0; client < 1_000; client++) pickChecked(strategy, candidates, testClient(client));
    });

    it('picks among busy candidates', async () => {
      const strategy = await create();
      const candidates = testBackends(1, 2, 3);
      for (let client = 0; client < 1_000; client++) {
        const picked = pickChecked(strategy, candidates, testClient(client % 7));
        for (const each of candidates) if (each === picked) each.inFlight++;
        if (client % 3 === 0) for (const each of candidates) each.inFlight = Math.max(0, each.inFlight - 1);
      }
    });

    it('follows candidates that come, go and change places', async () => {
      const strategy = await create();
      const [a, b, c, d] = testBackends(1, 2, 3, 4) as [Backend, Backend, Backend, Backend];
      const sets: Candidates[] = [[a, b], [b, a], [c], [a, b, c, d], [d, a], [b], [d, c, b, a]];
      for (let round = 0; round < 300; round++) {
        const candidates = sets[round % sets.length] as Candidates;
        for (let client = 0; client < 1 + (round % 4); client++) {
          pickChecked(strategy, candidates, testClient(client * 31 + round));
          pickChecked(strategy, [...candidates], testClient(client));
        }
      }
    });

    it('keeps picking after outcomes of every kind', async () => {
      const strategy = await create();
      const candidates = testBackends(1, 2, 3);
      const outcomes: [Outcome, number | undefined][] = [
        ['success', 12.5],
        ['success', 0],
        ['failure', undefined],
        ['failure', 30_000],
        ['ignored', undefined],
      ];
      for (let client = 0; client < 500; client++) {
        const picked = pickChecked(strategy, candidates, testClient(client));
        const [outcome, firstByte] = outcomes[client % outcomes.length] as [Outcome, number | undefined];
        strategy.settled?.(picked, outcome, firstByte);
        strategy.settled?.(testBackend({ id: 'gone' }), outcome, firstByte);
      }
    });

    it('leaves the candidates as they are', async () => {
      const strategy = await create();
      const candidates = testBackends(3, 1, 2);
      const before = candidates.map(each => ({ ...each }));
      const order = [...candidates];
      for (const each of candidates) Object.freeze(each);
      Object.freeze(candidates);
      for (let client = 0; client < 100; client++) pickChecked(strategy, candidates, testClient(client));
      assert.ok(order.every((each, index) => each === candidates[index]));
      assert.deepEqual(candidates, before);
    });

    it('foresees its picks, if it foresees', async () => {
      const strategy = await create();
      const candidates = testBackends(1, 2, 3, 3);
      for (let client = 0; client < 1_000; client++) {
        const request = testClient(client % 31);
        const foreseen = strategy.foresee?.(candidates, request) ?? candidates;
        const again = strategy.foresee?.(candidates, request) ?? candidates;
        assert.deepEqual(
          again.map(({ id }) => id),
          foreseen.map(({ id }) => id),
          'a look at the next pick has changed it',
        );
        const picked = pickChecked(strategy, candidates, request);
        assert.ok(foreseen.includes(picked), `picked ${picked.id}, which was not foreseen`);
        for (const each of candidates) if (each === picked) each.inFlight++;
        if (client % 3 === 0) for (const each of candidates) each.inFlight = Math.max(0, each.inFlight - 1);
      }
    });

    it('copes with a thousand candidates', async () => {
      const strategy = await create();
      const candidates = testBackends(...Array.from({ length: 1_000 }, (_, index) => 1 + (index % 10)));
      const picked = new Set<Backend>();
      for (let client = 0; client < 2_000; client++) picked.add(pickChecked(strategy, candidates, testClient(client)));
      assert.ok(
        traits.weighted !== true || picked.size > 100,
        `2,000 clients met only ${picked.size} of 1,000 backends`,
      );
    });

    it('copes with odd requests', async () => {
      const strategy = await create();
      const candidates = testBackends(1, 1, 1);
      const heads: Partial<RequestInfo>[] = [
        { path: '', host: '', method: '', id: '', clientIp: '' },
        { headers: { cookie: '' } },
        { headers: { cookie: ';;=; session; =x' } },
        { headers: { 'x-user': ['a', 'b'], 'set-cookie': [] } },
        { headers: { 'x-user': '' }, clientIp: '2001:db8::1' },
        { path: `/${'x'.repeat(16_384)}`, clientIp: 'unix:' },
        { protocol: 'websocket', path: '/\u{1f600}' },
        { protocol: 'sse', path: '*' },
      ];
      for (const head of heads) pickChecked(strategy, candidates, testRequest(head));
    });

    it('does not remember every client', async () => {
      const strategy = await create();
      const candidates = testBackends(1, 2, 3, 4);
      pickForClients(strategy, candidates, 0, 15_000);
      const before = heapUsed();
      pickForClients(strategy, candidates, 15_000, 45_000);
      const growth = heapUsed() - before;
      assert.ok(growth < 900_000, `30,000 more clients took ${growth} bytes`);
    });

    if (traits.weighted === true) {
      it('gives idle backends shares by their weights', async () => {
        const strategy = await create();
        const candidates = testBackends(1, 3, 6);
        const picks = new Map<Backend, number>();
        for (let client = 0; client < 20_000; client++) {
          const picked = pickChecked(strategy, candidates, testClient(client));
          picks.set(picked, (picks.get(picked) ?? 0) + 1);
        }
        for (const each of candidates) {
          const share = (picks.get(each) ?? 0) / 20_000;
          assert.ok(Math.abs(share - each.weight / 10) < 0.03, `weight ${each.weight} of 10 got a share of ${share}`);
        }
      });
    }
  });
}

function pickChecked(strategy: LoadBalancingStrategy, candidates: Candidates, request: RequestInfo): Backend {
  const picked = strategy.pick(candidates, request);
  assert.ok(candidates.includes(picked), 'picked something that is not among the candidates');
  return picked;
}

function pickForClients(strategy: LoadBalancingStrategy, candidates: Candidates, from: number, to: number): void {
  for (let client = from; client < to; client++) {
    const picked = strategy.pick(candidates, testClient(client));
    strategy.settled?.(picked, 'success', 5);
  }
}

/** Reachable bytes of the heap, measured after a garbage collection; a V8 flag makes the collector callable at run time. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return getHeapStatistics().used_heap_size;
}
