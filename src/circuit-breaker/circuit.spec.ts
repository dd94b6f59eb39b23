import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreakerConfig } from '../config/circuit-breaker.config.js';
import { LiveBackend } from '../upstream/live-backend.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { CircuitEvents, type CircuitEvent } from './circuit-events.js';
import { CircuitFactory } from './circuit-factory.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The circuits of one upstream, by default of one backend. */
function setup(changes: Partial<CircuitBreakerConfig> = {}, backends = 1) {
  const config = Object.assign(new CircuitBreakerConfig(), changes);
  const rejected = vi.fn<(upstream: string, backend: string) => void>();
  const factory = new CircuitFactory(new CircuitEvents(vi.fn()), rejected);
  const seen: string[] = [];
  factory.events.stream.subscribe(({ from, to, reason }: CircuitEvent) => void seen.push(`${from} > ${to}: ${reason}`));
  const members = Array.from(
    { length: backends },
    (_, index) => new LiveBackend({ id: `b${index}`, url: `http://b${index}`, weight: 1, backup: false }, () => {}),
  );
  const upstream = { name: 'orders', backends: members };
  const breakers = members.map(each => factory.create(upstream, each, config));
  return { factory, rejected, seen, backend: members[0]!, breaker: breakers[0]!, breakers };
}

function succeed(breaker: CircuitBreaker, times = 1): void {
  for (let n = 0; n < times; n++) breaker.settle(breaker.tryEnter(), 'success');
}

function fail(breaker: CircuitBreaker, times = 1, kind: 'hard' | 'soft' = 'soft'): void {
  for (let n = 0; n < times; n++) breaker.settle(breaker.tryEnter(), 'failure', kind);
}

describe('a closed circuit', () => {
  it('opens when exactly the threshold of the requests has failed, and not before', () => {
    const { breaker, seen, backend } = setup();
    succeed(breaker, 10);
    fail(breaker, 9);
    expect(breaker.state).toBe('closed');
    expect(backend.vetoes.size).toBe(0);
    fail(breaker);
    expect(breaker.state).toBe('open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(seen).toEqual(['closed > open: 10 of 20 requests failed']);
  });

  it('stays closed just below the threshold', () => {
    const { breaker } = setup();
    succeed(breaker, 11);
    fail(breaker, 10);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('stays closed while the window has fewer requests than the volume threshold', () => {
    const { breaker } = setup();
    fail(breaker, 19);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it.each([0.07, 0.29, 0.57, 0.58, 0.14, 0.01, 0.99, 1])(
    'opens at %d of the requests, however it is rounded',
    share => {
      const failures = Math.round(share * 100);
      const { breaker } = setup({ errorThreshold: share, volumeThreshold: 100 });
      succeed(breaker, 100 - failures);
      fail(breaker, failures - 1);
      expect(breaker.state).toBe('closed');
      fail(breaker);
      expect(breaker.state).toBe('open');
      const other = setup({ errorThreshold: share, volumeThreshold: 100 }).breaker;
      succeed(other, 101 - failures);
      fail(other, failures);
      expect(other.state).toBe('closed');
    },
  );

  it('opens at the first failure when the threshold is 0% and the volume 1', () => {
    const { breaker } = setup({ errorThreshold: 0, volumeThreshold: 1 });
    succeed(breaker, 5);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('forgets what has left the window', () => {
    const { breaker } = setup();
    fail(breaker, 19);
    vi.advanceTimersByTime(9_999);
    succeed(breaker);
    vi.advanceTimersByTime(1);
    fail(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('still counts what is in the last tenth of the window', () => {
    const { breaker } = setup();
    fail(breaker, 19);
    vi.advanceTimersByTime(9_999);
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('never counts what the client broke off', () => {
    const { breaker } = setup({ volumeThreshold: 2 });
    for (let n = 0; n < 100; n++) breaker.settle(breaker.tryEnter(), 'ignored');
    fail(breaker);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('opens after so many hard failures in a row as the volume threshold, in spite of older successes', () => {
    const { breaker, seen } = setup();
    succeed(breaker, 1_000);
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
    fail(breaker, 1, 'hard');
    expect(breaker.state).toBe('open');
    expect(seen).toEqual(['closed > open: 20 hard failures in a row']);
  });

  it('opens after hard failures in a row at night, when the window never has enough requests', () => {
    const { breaker } = setup({ volumeThreshold: 3 });
    for (let n = 0; n < 3; n++) {
      expect(breaker.state).toBe('closed');
      fail(breaker, 1, 'hard');
      vi.advanceTimersByTime(60_000);
    }
    expect(breaker.tryEnter()).toBeGreaterThan(0);
    expect(breaker.state).toBe('half-open');
  });

  it('begins to count hard failures anew after a success', () => {
    const { breaker } = setup();
    succeed(breaker, 1_000);
    fail(breaker, 19, 'hard');
    succeed(breaker);
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
  });

  it('does not open on soft failures in a row while older successes fill the window', () => {
    const { breaker } = setup();
    succeed(breaker, 1_000);
    fail(breaker, 100, 'soft');
    expect(breaker.state).toBe('closed');
  });

  it('takes a failure without a kind for a hard one', () => {
    const { breaker, seen } = setup({ volumeThreshold: 2 });
    succeed(breaker, 100);
    for (let n = 0; n < 2; n++) breaker.settle(breaker.tryEnter(), 'failure');
    expect(seen).toEqual(['closed > open: 2 hard failures in a row']);
  });
});

describe('an open circuit', () => {
  it('admits nobody, and tells how long', () => {
    const { breaker, rejected } = setup();
    expect(breaker.retryIn).toBe(0);
    fail(breaker, 20);
    expect(breaker.tryEnter()).toBe(0);
    expect(rejected.mock.calls).toEqual([['orders', 'b0']]);
    expect(breaker.retryIn).toBe(15_000);
    vi.advanceTimersByTime(14_999);
    expect(breaker.retryIn).toBe(1);
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(1);
    expect(breaker.state).toBe('half-open');
    expect(breaker.retryIn).toBe(0);
  });

  it('is not impressed by what was begun before it opened', () => {
    const { breaker, backend } = setup();
    const before = Array.from({ length: 4 }, () => breaker.tryEnter());
    fail(breaker, 20);
    breaker.settle(before[0]!, 'success');
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(15_000);
    breaker.settle(before[1]!, 'success');
    expect(breaker.state).toBe('half-open');
    const trial = breaker.tryEnter();
    breaker.settle(before[2]!, 'success');
    breaker.settle(before[3]!, 'failure');
    expect(breaker.state).toBe('half-open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    breaker.settle(trial, 'success');
    expect(breaker.state).toBe('closed');
  });

  it('ignores the ticket of somebody who was not admitted', () => {
    const { breaker, seen } = setup();
    fail(breaker, 20);
    breaker.settle(0, 'success');
    vi.advanceTimersByTime(15_000);
    breaker.settle(0, 'success');
    expect(breaker.state).toBe('half-open');
    expect(seen).toHaveLength(2);
  });
});

describe('a half-open circuit', () => {
  function halfOpen(changes: Partial<CircuitBreakerConfig> = {}) {
    const circuit = setup(changes);
    fail(circuit.breaker, 20);
    vi.advanceTimersByTime(circuit.breaker.retryIn);
    circuit.seen.length = 0;
    circuit.rejected.mockClear();
    return circuit;
  }

  it('offers its backend again, and only to the first who comes', () => {
    const { breaker, backend, rejected } = halfOpen();
    expect(backend.vetoes.size).toBe(0);
    const trial = breaker.tryEnter();
    expect(trial).toBeGreaterThan(0);
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(breaker.tryEnter()).toBe(0);
    expect(rejected).toHaveBeenCalledOnce();
    expect(breaker.state).toBe('half-open');
  });

  it('closes when the trial succeeds', () => {
    const { breaker, backend, seen } = halfOpen();
    succeed(breaker);
    expect(breaker.state).toBe('closed');
    expect(backend.vetoes.size).toBe(0);
    expect(seen).toEqual(['half-open > closed: the trial succeeded']);
    const [one, other] = [breaker.tryEnter(), breaker.tryEnter()];
    expect(one).toBeGreaterThan(0);
    expect(other).toBe(one);
  });

  it.each(['hard', 'soft'] as const)('opens again when the trial fails, %s', kind => {
    const { breaker, backend, seen } = halfOpen();
    fail(breaker, 1, kind);
    expect(breaker.state).toBe('open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(seen).toEqual(['half-open > open: the trial failed']);
    expect(breaker.retryIn).toBe(15_000);
    vi.advanceTimersByTime(15_000);
    expect(breaker.state).toBe('half-open');
    expect(backend.vetoes.size).toBe(0);
    succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('gives the place to the next when the client breaks the trial off', () => {
    const { breaker, backend, seen } = halfOpen();
    for (let n = 0; n < 3; n++) {
      const trial = breaker.tryEnter();
      expect(trial).toBeGreaterThan(0);
      breaker.settle(trial, 'ignored');
      expect(breaker.state).toBe('half-open');
      expect(backend.vetoes.size).toBe(0);
    }
    expect(seen).toEqual([]);
    fail(breaker);
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(15_000);
    breaker.settle(breaker.tryEnter(), 'ignored');
    succeed(breaker);
    expect(breaker.state).toBe('closed');
  });

  it('does not let a trial that was broken off decide a second time', () => {
    const { breaker } = halfOpen();
    const first = breaker.tryEnter();
    breaker.settle(first, 'ignored');
    breaker.settle(first, 'success');
    const second = breaker.tryEnter();
    breaker.settle(first, 'failure');
    expect(breaker.state).toBe('half-open');
    breaker.settle(second, 'success');
    expect(breaker.state).toBe('closed');
  });

  it('waits for its trial as long as that takes', () => {
    const { breaker } = halfOpen();
    const trial = breaker.tryEnter();
    vi.advanceTimersByTime(3_600_000);
    expect(breaker.tryEnter()).toBe(0);
    breaker.settle(trial, 'success');
    expect(breaker.state).toBe('closed');
  });

  it('forgets the failures from before when it closes, also when they are still in the window', () => {
    const { breaker } = halfOpen({ openFor: 1_000 });
    succeed(breaker);
    fail(breaker, 19);
    expect(breaker.state).toBe('closed');
    fail(breaker);
    expect(breaker.state).toBe('open');
  });

  it('begins to count hard failures in a row anew when it closes', () => {
    const { breaker } = halfOpen();
    succeed(breaker);
    succeed(breaker, 100);
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
    fail(breaker, 1, 'hard');
    expect(breaker.state).toBe('open');
  });
});

describe('soft failures', () => {
  it.each([
    { backends: 1, maxOpen: 0.5, most: 1 },
    { backends: 3, maxOpen: 0.5, most: 1 },
    { backends: 4, maxOpen: 0.5, most: 2 },
    { backends: 10, maxOpen: 0.5, most: 5 },
    { backends: 10, maxOpen: 0.29, most: 2 },
    { backends: 100, maxOpen: 0.29, most: 29 },
    { backends: 3, maxOpen: 0, most: 1 },
    { backends: 3, maxOpen: 1, most: 3 },
  ])('open at most $most of $backends circuits when maxOpen is $maxOpen', ({ backends, maxOpen, most }) => {
    const { breakers } = setup({ maxOpen }, backends);
    for (const breaker of breakers) fail(breaker, 40, 'soft');
    expect(breakers.filter(({ state }) => state === 'open')).toHaveLength(most);
  });

  it('do not open a further circuit while another is half-open or held open by hand', () => {
    const { breakers } = setup({}, 3);
    const [a, b, c] = breakers as [CircuitBreaker, CircuitBreaker, CircuitBreaker];
    fail(a, 20, 'soft');
    vi.advanceTimersByTime(15_000);
    fail(b, 30, 'soft');
    expect([a.state, b.state]).toEqual(['half-open', 'closed']);
    succeed(a);
    c.open();
    fail(b, 1, 'soft');
    expect(b.state).toBe('closed');
    c.close();
    fail(b, 1, 'soft');
    expect(b.state).toBe('open');
  });

  it('open a circuit that was refused as soon as there is room', () => {
    const { breakers, seen } = setup({}, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    fail(a, 20, 'soft');
    fail(b, 25, 'soft');
    expect(b.state).toBe('closed');
    a.reset();
    expect(b.state).toBe('closed');
    fail(b, 1, 'soft');
    expect(b.state).toBe('open');
    expect(seen.at(-1)).toBe('closed > open: 26 of 26 requests failed');
  });

  it('do not keep a failed trial from opening its circuit again', () => {
    const { breakers } = setup({}, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    fail(a, 20, 'soft');
    b.open();
    vi.advanceTimersByTime(15_000);
    fail(a, 1, 'soft');
    expect(a.state).toBe('open');
  });
});

describe('hard failures', () => {
  it('open every circuit of an upstream', () => {
    const { breakers } = setup({}, 4);
    for (const breaker of breakers) {
      succeed(breaker, 10);
      fail(breaker, 10, 'hard');
    }
    expect(breakers.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open']);
  });

  it('open one beyond maxOpen when they alone reach the threshold, and not one failure earlier', () => {
    const { breakers, seen } = setup({}, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    a.open();
    // 9 of 20 are hard, 15 of 20 failed; then 10 of 20 and 11 of 22.
    for (let n = 0; n < 5; n++) succeed(b);
    fail(b, 9, 'hard');
    fail(b, 6, 'soft');
    expect(b.state).toBe('closed');
    fail(b, 1, 'hard');
    expect(b.state).toBe('closed');
    fail(b, 1, 'hard');
    expect(b.state).toBe('open');
    expect(seen.at(-1)).toBe('closed > open: 17 of 22 requests failed');
  });

  it('leave the window with the other counts', () => {
    const { breakers } = setup({ volumeThreshold: 10 }, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    a.open();
    fail(b, 9, 'hard');
    vi.advanceTimersByTime(10_000);
    succeed(b);
    fail(b, 9, 'soft');
    expect(b.state).toBe('closed');
    fail(b, 1, 'soft');
    expect(b.state).toBe('closed');
  });

  it('that there are none of do not reach a threshold of 0%', () => {
    const { breakers } = setup({ errorThreshold: 0, volumeThreshold: 1 }, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    a.open();
    fail(b, 5, 'soft');
    expect(b.state).toBe('closed');
  });
});

describe('by hand', () => {
  it('a circuit is held open until it is closed', () => {
    const { breaker, backend, seen } = setup();
    const before = breaker.tryEnter();
    breaker.open();
    expect(breaker.state).toBe('open');
    expect(breaker.retryIn).toBe(Infinity);
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    expect(breaker.tryEnter()).toBe(0);
    breaker.settle(before, 'success');
    vi.advanceTimersByTime(3_600_000);
    expect(breaker.state).toBe('open');
    breaker.close();
    expect(breaker.state).toBe('closed');
    expect(breaker.retryIn).toBe(0);
    expect(backend.vetoes.size).toBe(0);
    expect(seen).toEqual(['closed > open: by hand', 'open > closed: by hand']);
  });

  it('a circuit that opened by itself can be held open', () => {
    const { breaker, seen } = setup();
    fail(breaker, 20);
    breaker.open();
    expect(breaker.retryIn).toBe(Infinity);
    vi.advanceTimersByTime(60_000);
    expect(breaker.state).toBe('open');
    breaker.reset();
    expect(breaker.state).toBe('closed');
    expect(seen).toEqual(['closed > open: 20 of 20 requests failed', 'open > closed: by hand']);
    fail(breaker, 20);
    expect(breaker.retryIn).toBe(15_000);
    vi.advanceTimersByTime(15_000);
    expect(breaker.state).toBe('half-open');
  });

  it('a trial under way decides nothing any more', () => {
    const { breaker, backend, seen } = setup();
    fail(breaker, 20);
    vi.advanceTimersByTime(15_000);
    const trial = breaker.tryEnter();
    breaker.open();
    breaker.settle(trial, 'success');
    expect(breaker.state).toBe('open');
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    breaker.close();
    breaker.settle(trial, 'failure');
    expect(breaker.state).toBe('closed');
    expect(backend.vetoes.size).toBe(0);
    expect(seen.slice(2)).toEqual(['half-open > open: by hand', 'open > closed: by hand']);
  });

  it('closing keeps the window, resetting forgets it', () => {
    const { breaker } = setup();
    fail(breaker, 20);
    breaker.close();
    fail(breaker);
    expect(breaker.state).toBe('open');
    breaker.reset();
    fail(breaker, 19);
    expect(breaker.state).toBe('closed');
  });

  it('resetting a closed circuit forgets the window and what is under way', () => {
    const { breaker, seen } = setup();
    fail(breaker, 19, 'hard');
    const before = breaker.tryEnter();
    breaker.reset();
    breaker.settle(before, 'failure');
    fail(breaker, 19, 'hard');
    expect(breaker.state).toBe('closed');
    expect(seen).toEqual([]);
  });

  it('doing what is done already is no event', () => {
    const { breaker, seen } = setup();
    breaker.close();
    breaker.open();
    breaker.open();
    expect(seen).toEqual(['closed > open: by hand']);
  });

  it('a circuit that was closed opens and becomes half-open by itself as ever', () => {
    const { breaker } = setup();
    fail(breaker, 20);
    vi.advanceTimersByTime(10_000);
    breaker.reset();
    vi.advanceTimersByTime(5_000);
    expect(breaker.state).toBe('closed');
    fail(breaker, 20);
    vi.advanceTimersByTime(14_999);
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(1);
    expect(breaker.state).toBe('half-open');
  });
});

describe('vetoes', () => {
  it('change only when the circuit does', () => {
    const { breaker, backend } = setup();
    const veto = vi.spyOn(backend, 'veto');
    const lift = vi.spyOn(backend, 'lift');
    succeed(breaker, 1_000);
    fail(breaker, 100);
    expect(veto).not.toHaveBeenCalled();
    expect(lift).not.toHaveBeenCalled();
  });

  it('of others stay', () => {
    const { breaker, backend } = setup();
    backend.veto('unhealthy');
    breaker.open();
    breaker.close();
    expect([...backend.vetoes]).toEqual(['unhealthy']);
  });

  it('say why', () => {
    const { breaker, backend } = setup();
    fail(breaker, 20);
    expect(backend.reasons.get('circuit-open')).toBe('20 of 20 requests failed');
    vi.advanceTimersByTime(15_000);
    breaker.tryEnter();
    expect(backend.reasons.get('circuit-open')).toBe('a trial is under way');
  });
});

describe('the end', () => {
  it('leaves no timer behind, and outcomes that arrive later do no harm', () => {
    const { factory, breakers } = setup({}, 2);
    const [a, b] = breakers as [CircuitBreaker, CircuitBreaker];
    fail(a, 20);
    const late = b.tryEnter();
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    factory.close();
    expect(vi.getTimerCount()).toBe(0);
    b.settle(late, 'failure');
    fail(b, 40, 'hard');
    succeed(b, 40);
    expect([a.state, a.tryEnter()]).toEqual(['open', 0]);
    expect(b.state).toBe('closed');
  });
});
