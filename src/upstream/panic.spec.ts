import { describe, expect, it } from 'vitest';
import { Upstream } from './upstream.js';

const backend = (id: string, backup = false) => ({ id, url: `http://${id}:80`, weight: 1, backup });

/** An upstream of primaries `0`, `1`, … and one backup. */
function upstreamOf(primaries: number, panicThreshold: number, slowStart = 0) {
  const ids = Array.from({ length: primaries }, (_, index) => String(index));
  const backends = [...ids.map(id => backend(id)), backend('backup', true)];
  const upstream = new Upstream('app', { strategy: { name: 'random' }, slowStart, panicThreshold, backends });
  const available = () => upstream.available.map(each => each.id).join(' ');
  return { upstream, available, of: (index: number) => upstream.backends[index]! };
}

describe('the panic threshold', () => {
  it('brings all primaries back when fewer than its share are left, and ends when there are enough', () => {
    const { upstream, available, of } = upstreamOf(4, 0.5);
    of(0).veto('unhealthy');
    of(1).veto('circuit-open');
    expect([available(), upstream.panicking]).toEqual(['2 3', false]);
    of(2).veto('unhealthy');
    expect([available(), upstream.panicking]).toEqual(['0 1 2 3', true]);
    of(0).lift('unhealthy');
    expect([available(), upstream.panicking]).toEqual(['0 3', false]);
  });

  it('does not begin at exactly its share: 55 % of 20 are enough for 55 %', () => {
    const { upstream, of } = upstreamOf(20, 0.55);
    for (let index = 0; index < 9; index++) of(index).veto('unhealthy');
    expect(upstream.panicking).toBe(false);
    of(9).veto('unhealthy');
    expect(upstream.panicking).toBe(true);
  });

  it('leaves a draining backend out even then, and out of the count', () => {
    const { available, of } = upstreamOf(3, 0.6);
    of(0).veto('unhealthy');
    of(0).veto('draining');
    of(1).veto('unhealthy');
    expect(available()).toBe('1 2');
  });

  it('comes before backups, which are offered only while every primary is draining', () => {
    const { upstream, available, of } = upstreamOf(2, 0.5);
    of(0).veto('unhealthy');
    of(1).veto('unhealthy');
    expect(available()).toBe('0 1');
    of(0).veto('draining');
    of(1).veto('draining');
    expect([available(), upstream.panicking]).toEqual(['backup', false]);
  });

  it('leaves backups to requests for which every primary has failed', () => {
    const { upstream, of } = upstreamOf(2, 0.5);
    of(0).veto('unhealthy');
    of(1).veto('unhealthy');
    expect([upstream.panicking, upstream.spares.map(each => each.id)]).toEqual([true, ['backup']]);
  });

  it('of 0 % never brings a backend back', () => {
    const { upstream, available, of } = upstreamOf(2, 0);
    of(0).veto('unhealthy');
    of(1).veto('unhealthy');
    expect([available(), upstream.panicking]).toEqual(['backup', false]);
  });

  it('of 100 % ignores every veto but draining', () => {
    const { available, of } = upstreamOf(3, 1);
    of(1).veto('unhealthy');
    expect(available()).toBe('0 1 2');
  });

  it('does not count backups: an upstream that has nothing else knows no panic', () => {
    const upstream = new Upstream('app', {
      ...{ strategy: { name: 'random' }, slowStart: 0, panicThreshold: 1 },
      backends: [backend('a', true), backend('b', true)],
    });
    upstream.backends[0]!.veto('unhealthy');
    expect([upstream.available.map(each => each.id), upstream.panicking]).toEqual([['b'], false]);
  });

  it('keeps the whole weight of a backend that it has kept in use', () => {
    const { of } = upstreamOf(2, 1, 10_000);
    of(0).veto('unhealthy');
    of(0).lift('unhealthy');
    expect(of(0).weight).toBe(1);
  });
});
