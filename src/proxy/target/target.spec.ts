import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { roadTo } from '../../../test/support/road-scene.js';
import { ClientTie } from '../client/client-tie.js';

const ids = (backends: readonly { readonly id: string }[]): string => backends.map(({ id }) => id).join(' ');

/** A target of two primaries and a backup. */
async function target(upstream: object = {}) {
  const backends = ['a', 'b', 's'].map(id => ({ id, url: `http://${id}.test`, backup: id === 's' }));
  const road = await roadTo([], { backends, connections: { max: 1, queue: 1 }, ...upstream });
  const [a, b, s] = road.target().upstream.backends;
  const { exchange } = road.open();
  return { road, sut: road.target(), a: a!, b: b!, s: s!, exchange };
}

describe('the candidates for an attempt', () => {
  it('are the available ones, then those that have not failed, then backups, then all again', async () => {
    const { sut, a, b, s } = await target();
    expect(sut.candidates([])).toBe(sut.upstream.available);
    expect([ids(sut.candidates([a])), ids(sut.candidates([a, b])), ids(sut.candidates([a, b, s]))]).toEqual([
      'b',
      's',
      'a b',
    ]);
    b.veto('unhealthy');
    expect(ids(sut.candidates([a]))).toBe('s');
  });

  it('are the same list where nothing is left out: strategies keep what they have worked out for it', async () => {
    const { sut, s } = await target();
    expect(sut.candidates([s])).toBe(sut.upstream.available);
  });
});

describe('an untried backend', () => {
  it('is there while one has room, a backup or not', async () => {
    const { sut, a, b, s } = await target();
    expect([sut.hasUntried([]), sut.hasUntried([a, b]), sut.hasUntried([a, b, s])]).toEqual([true, true, false]);
    sut.gate(s).tryEnter();
    expect([sut.hasUntried([a, b]), sut.hasUntried([a])]).toEqual([false, true]);
  });
});

describe('the pick', () => {
  it('is the choice of the strategy where that has room, else another that has', async () => {
    const { sut, road, a, b, exchange } = await target();
    expect(sut.pick(sut.upstream.available, exchange)).toBe(a);
    sut.gate(a).tryEnter();
    expect(sut.pick(sut.upstream.available, exchange)).toBe(b);
    sut.gate(b).tryEnter();
    expect(sut.pick(sut.upstream.available, exchange)).toBe(a);
    expect(road.strategy.offered).toEqual(['a b', 'a b', 'b', 'a b']);
  });

  it('stays at a busy backend where sessions are sticky', async () => {
    const { sut, a, exchange } = await target({ sticky: {} });
    sut.gate(a).tryEnter();
    expect(sut.pick(sut.upstream.available, exchange)).toBe(a);
  });

  it('stays at the backend that knows a tied client, as long as that can be had', async () => {
    const { sut, a, b, exchange } = await target();
    exchange.tie = new ClientTie();
    expect(sut.pick([b], exchange)).toBe(b);
    expect(sut.pick([a, b], exchange)).toBe(b);
    sut.gate(b).tryEnter();
    expect(sut.pick([a, b], exchange)).toBe(b);
    expect(sut.pick([a], exchange)).toBe(a);
    expect(sut.pick([a, b], exchange)).toBe(a);
  });
});

describe('the end of an attempt', () => {
  it('frees its place as it was held, and is told to balancer, metrics and latencies', async () => {
    const { sut, road, a } = await target();
    sut.keepLatencies();
    sut.gate(a).tryEnter();
    sut.settle(a, 'success', 12);
    sut.gate(a).tryEnter(true);
    sut.settle(a, 'failure', undefined, 'sending');
    sut.gate(a).tryEnter();
    sut.gate(a).outlast();
    sut.settle(a, 'ignored', undefined, 'lasting');
    expect([a.inFlight, sut.gate(a).sending, road.strategy.told]).toEqual([
      0,
      0,
      ['a success', 'a failure', 'a ignored'],
    ]);
    expect(await road.endings()).toEqual({ 'app a success': 1, 'app a failure': 1, 'app a ignored': 1 });
    expect(sut.latencies).toBeDefined();
  });

  it('keeps no latencies unless they are asked for', async () => {
    const { sut, a } = await target();
    sut.gate(a).tryEnter();
    sut.settle(a, 'success', 12);
    expect(sut.latencies).toBeUndefined();
  });
});

describe('what a client is told where no backend may be used', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is to come back when the soonest circuit is half-open, and nothing of the inside', async () => {
    const { sut, road, b } = await target({
      circuitBreaker: { volumeThreshold: 1, errorThreshold: '1%', openFor: '20s' },
    });
    b.veto('unhealthy');
    const open = (id: string): void => road.breaker(id).settle(road.breaker(id).tryEnter(), 'failure', 'hard');
    open('a');
    vi.advanceTimersByTime(5_500);
    open('s');
    const error = sut.unavailable();
    expect([error.code, error.status, error.headers]).toEqual(['NO_BACKEND', 503, ['Retry-After', '15']]);
    expect(error.reason).toBe('a: circuit-open; b: unhealthy; s: circuit-open');
    expect(error.detail).not.toMatch(/circuit|unhealthy/);
  });

  it('is a second where no circuit is open', async () => {
    expect((await target()).sut.unavailable().headers).toEqual(['Retry-After', '1']);
  });
});

describe('a backend that is taken out', () => {
  it('has those sent away that wait for it, and no others', async () => {
    const { sut, a, b } = await target();
    const told: string[] = [];
    for (const backend of [a, b]) {
      sut.gate(backend).tryEnter();
      sut.gate(backend).wait({
        entered: () => told.push(`${backend.id} entered`),
        refused: () => told.push(`${backend.id} refused`),
        sentAway: () => told.push(`${backend.id} sent away`),
      });
    }
    a.veto('unhealthy');
    expect([told, sut.gate(a).waiting, sut.gate(b).waiting]).toEqual([['a sent away'], 0, 1]);
    sut.gate(b).clear();
  });
});
