import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Upstream } from './upstream.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const duration = 9_000;

/** An upstream of three backends that ramp up in nine steps of a second. */
function setup({ weight = 1, slowStart = duration, panicThreshold = 0 } = {}) {
  const backends = ['a', 'b', 'c'].map(id => ({ id, url: `http://${id}:80`, weight, backup: false }));
  const upstream = new Upstream('app', { strategy: { name: 'random' }, slowStart, panicThreshold, backends });
  const [a, b] = upstream.backends;
  return { upstream, a: a!, b: b! };
}

describe('slow start', () => {
  it('brings a backend back with a tenth of its weight, and to all of it in even steps', () => {
    const { a } = setup({ weight: 3 });
    a.veto('unhealthy');
    a.lift('unhealthy');
    const weights = [a.weight];
    for (let step = 0; step < 9; step++) {
      vi.advanceTimersByTime(1_000);
      weights.push(a.weight);
    }
    expect(weights).toEqual([0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3]);
    expect(a.configuredWeight).toBe(3);
  });

  it('takes ten seconds for a backend that is to return slowly when the upstream has no slow start', () => {
    const { a, b } = setup({ slowStart: 0 });
    a.returnsSlowly = true;
    for (const each of [a, b]) {
      each.veto('circuit-open');
      each.lift('circuit-open');
    }
    expect([a.weight, b.weight]).toEqual([0.1, 1]);
    vi.advanceTimersByTime(5_000);
    expect(a.weight).toBe(0.5);
    vi.advanceTimersByTime(5_001);
    expect(a.weight).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('publishes a new frozen list for each step, and tells the listeners', () => {
    const { upstream, a } = setup();
    a.veto('unhealthy');
    a.lift('unhealthy');
    const lists = new Set([upstream.available]);
    upstream.onChange(() => lists.add(upstream.available));
    vi.advanceTimersByTime(2 * duration);
    expect(lists.size).toBe(10);
    expect([...lists].every(list => Object.isFrozen(list) && list.length === 3)).toBe(true);
  });

  it('has one timer while anything ramps and none otherwise', () => {
    const { a, b } = setup();
    expect(vi.getTimerCount()).toBe(0);
    for (const each of [a, b]) {
      each.veto('unhealthy');
      each.lift('unhealthy');
    }
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(2 * duration);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not keep the process alive', () => {
    vi.useRealTimers();
    const { a } = setup();
    const before = timeouts();
    a.veto('unhealthy');
    a.lift('unhealthy');
    expect(timeouts()).toBe(before);
    a.veto('unhealthy');
  });

  it('waits for the last veto, and starts anew when another comes', () => {
    const { a } = setup();
    a.veto('unhealthy');
    a.veto('circuit-open');
    vi.advanceTimersByTime(duration);
    a.lift('unhealthy');
    expect([a.weight, vi.getTimerCount()]).toEqual([1, 0]);
    a.lift('circuit-open');
    vi.advanceTimersByTime(4_000);
    expect(a.weight).toBe(0.5);
    a.veto('circuit-open');
    expect(vi.getTimerCount()).toBe(0);
    a.lift('circuit-open');
    expect(a.weight).toBe(0.1);
    vi.advanceTimersByTime(duration);
    expect([a.weight, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('is as short after many trials of a circuit breaker as after one', () => {
    const { a } = setup();
    for (let trial = 0; trial < 10_000; trial++) {
      a.veto('circuit-open');
      a.lift('circuit-open');
    }
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(duration);
    expect(a.weight).toBe(1);
  });

  it('lets a backend that comes back between two steps join at the next one', () => {
    const { a, b } = setup();
    a.veto('unhealthy');
    a.lift('unhealthy');
    vi.advanceTimersByTime(1_900);
    b.veto('unhealthy');
    b.lift('unhealthy');
    vi.advanceTimersByTime(100);
    expect([a.weight, b.weight]).toEqual([0.3, 0.1]);
    vi.advanceTimersByTime(1_000);
    expect([a.weight, b.weight]).toEqual([0.4, 0.2]);
    vi.advanceTimersByTime(8_000);
    expect([a.weight, b.weight, vi.getTimerCount()]).toEqual([1, 1, 0]);
  });

  it('gives a new list when a panic keeps a ramping backend in use', () => {
    const { upstream, a } = setup({ panicThreshold: 0.9 });
    a.veto('draining');
    a.lift('draining');
    const before = upstream.available;
    expect(a.weight).toBe(0.1);
    a.veto('unhealthy');
    expect([upstream.panicking, a.weight]).toEqual([true, 1]);
    expect(upstream.available).not.toBe(before);
  });

  it('does not apply at the start of the program', () => {
    const { upstream } = setup();
    expect([upstream.available.map(each => each.weight), vi.getTimerCount()]).toEqual([[1, 1, 1], 0]);
  });

  it('of 0 s is off', () => {
    const { a } = setup({ slowStart: 0 });
    a.veto('unhealthy');
    a.lift('unhealthy');
    expect([a.weight, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

function timeouts(): number {
  return process.getActiveResourcesInfo().filter(each => each === 'Timeout').length;
}
