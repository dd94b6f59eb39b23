import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Upstream } from './upstream.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const definition = (id: string, more: object = {}) => ({
  id,
  url: `http://${id}:80`,
  weight: 2,
  backup: false,
  ...more,
});
const nothing = { drained: undefined, weight: undefined };
const weight = (value: number) => ({ drained: undefined, weight: value });
const drained = { drained: 'by hand', weight: undefined };

/** An upstream of backends with these ids; those that begin with a capital are backups. */
function setUp(ids: string, more: object = {}) {
  const settings = { strategy: { name: 'random' }, slowStart: 0, panicThreshold: 0, ...more };
  const define = (names: string) => ({
    ...settings,
    backends: names.split(' ').map(id => definition(id, { backup: id < 'a' })),
  });
  const upstream = new Upstream('app', define(ids));
  const change = (names: string): void => {
    const to = define(names);
    upstream.update(to, upstream.backendsOf(to), 5_000);
    upstream.announce();
  };
  const all = new Map(upstream.backends.map(backend => [backend.id, backend]));
  return {
    upstream,
    change,
    of: (id: string) => all.get(id)!,
    available: () => upstream.available.map(({ id }) => id).join(' '),
    spares: () => upstream.spares.map(({ id }) => id).join(' '),
  };
}

describe('a weight that is set by hand', () => {
  it('takes the place of the configured one, in a new list for strategies, until it is reset', () => {
    const { upstream, of } = setUp('a b');
    const before = upstream.available;
    expect(upstream.setByHand(of('a'), weight(7))).toBe(true);
    expect([of('a').weight, of('a').configuredWeight, upstream.available === before]).toEqual([7, 2, false]);
    const after = upstream.available;
    expect([upstream.setByHand(of('a'), weight(7)), upstream.available === after]).toEqual([false, true]);
    upstream.setByHand(of('a'), nothing);
    expect(of('a').weight).toBe(2);
  });

  it('stays when the configuration gives the backend another one', () => {
    const { upstream, of } = setUp('a');
    upstream.setByHand(of('a'), weight(7));
    const to = {
      strategy: { name: 'random' },
      slowStart: 0,
      panicThreshold: 0,
      backends: [definition('a', { weight: 9 })],
    };
    upstream.update(to, upstream.backendsOf(to), 5_000);
    expect([of('a').weight, of('a').configuredWeight]).toEqual([7, 9]);
  });

  it('is where a slow start leads to', () => {
    const { upstream, of } = setUp('a b', { slowStart: 9_000 });
    of('a').veto('unhealthy');
    of('a').lift('unhealthy');
    upstream.setByHand(of('a'), weight(10));
    expect(of('a').weight).toBe(1);
    vi.advanceTimersByTime(9_001);
    expect(of('a').weight).toBe(10);
  });
});

describe('a weight of 0', () => {
  it('takes the backend out of the lists, without a veto', () => {
    const { upstream, of, available, spares } = setUp('a b C D');
    upstream.setByHand(of('a'), weight(0));
    upstream.setByHand(of('C'), weight(0));
    expect([available(), spares(), of('a').vetoes.size]).toEqual(['b', 'D', 0]);
    upstream.setByHand(of('a'), weight(1));
    expect([available(), of('a').weight]).toEqual(['a b', 1]);
  });

  it('of all primaries leaves the backups, and of all backends nothing', () => {
    const { upstream, of, available } = setUp('a B');
    upstream.setByHand(of('a'), weight(0));
    expect(available()).toBe('B');
    upstream.setByHand(of('B'), weight(0));
    expect(available()).toBe('');
  });

  it('is left out of a panic, and out of its count', () => {
    const { upstream, of, available } = setUp('a b c', { panicThreshold: 0.6 });
    upstream.setByHand(of('a'), weight(0));
    expect(upstream.panicking).toBe(false);
    of('b').veto('unhealthy');
    expect([upstream.panicking, available()]).toEqual([true, 'b c']);
  });

  it('is not overruled when the last veto is lifted, and the backend ramps up when it gets a weight again', () => {
    const { upstream, of, available } = setUp('a b', { slowStart: 9_000 });
    upstream.setByHand(of('a'), weight(0));
    of('a').veto('unhealthy');
    of('a').lift('unhealthy');
    expect(available()).toBe('b');
    upstream.setByHand(of('a'), nothing);
    expect([available(), of('a').weight]).toEqual(['a b', 0.2]);
  });
});

describe('a drain by hand', () => {
  it('is told with its reason, and ends alone when other vetoes stand', () => {
    const { upstream, of, available } = setUp('a b');
    upstream.setByHand(of('a'), drained);
    of('a').veto('unhealthy');
    expect([available(), upstream.isDraining, of('a').reasons.get('draining')]).toEqual(['b', true, 'by hand']);
    expect(upstream.setByHand(of('a'), nothing)).toBe(true);
    expect([...of('a').vetoes]).toEqual(['unhealthy']);
  });

  it('stays when a backend that was removed comes back', () => {
    const { upstream, of, change } = setUp('a b');
    of('a').load.tryTake(1);
    upstream.setByHand(of('a'), drained);
    change('b');
    vi.advanceTimersByTime(5_000);
    change('a b');
    expect([[...of('a').vetoes], of('a').reasons.get('draining')]).toEqual([['draining'], 'by hand']);
    upstream.setByHand(of('a'), nothing);
    expect(of('a').vetoes.size).toBe(0);
  });

  it('does not end the drain of a backend that is removed', () => {
    const { upstream, of, change } = setUp('a b');
    of('a').load.tryTake(1);
    upstream.setByHand(of('a'), drained);
    change('b');
    vi.advanceTimersByTime(5_000);
    upstream.setByHand(of('a'), nothing);
    expect([[...of('a').vetoes], of('a').reasons.get('draining')]).toEqual([
      ['draining', 'removed'],
      'removed from the upstream',
    ]);
  });

  it('and one by the code of an application do not end each other', () => {
    const { upstream, of } = setUp('a b');
    of('a').veto('draining');
    upstream.setByHand(of('a'), drained);
    of('a').lift('draining');
    expect(of('a').vetoes.has('draining')).toBe(true);
    of('a').veto('draining');
    upstream.setByHand(of('a'), nothing);
    expect(of('a').vetoes.has('draining')).toBe(true);
    of('a').lift('draining');
    expect(of('a').vetoes.size).toBe(0);
  });
});
