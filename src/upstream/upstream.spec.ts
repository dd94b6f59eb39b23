import { describe, expect, it } from 'vitest';
import { Upstream } from './upstream.js';

const settings = { strategy: { name: 'round-robin' }, slowStart: 0, panicThreshold: 0 };
const backend = (id: string, backup = false) => ({ id, url: `http://${id}:80`, weight: 1, backup });

describe('an upstream', () => {
  it('offers its primaries, and a backup only when no primary is left', () => {
    const upstream = new Upstream('app', { ...settings, backends: [backend('a'), backend('b'), backend('c', true)] });
    expect(upstream.available.map(each => each.id)).toEqual(['a', 'b']);
    upstream.backends[0]!.veto('draining');
    expect(upstream.available.map(each => each.id)).toEqual(['b']);
    upstream.backends[1]!.veto('unhealthy');
    expect(upstream.available.map(each => each.id)).toEqual(['c']);
    upstream.backends[2]!.veto('unhealthy');
    expect(upstream.available).toEqual([]);
  });

  it('lists its available backups as spares while it does not offer them', () => {
    const upstream = new Upstream('app', {
      ...settings,
      backends: [backend('a'), backend('b', true), backend('c', true)],
    });
    const spares = () => upstream.spares.map(each => each.id);
    const [a, b] = upstream.backends;
    const before = upstream.spares;
    expect(spares()).toEqual(['b', 'c']);
    b!.veto('unhealthy');
    expect(spares()).toEqual(['c']);
    expect(before).toHaveLength(2);
    a!.veto('unhealthy');
    expect([upstream.available.map(each => each.id), spares()]).toEqual([['c'], []]);
    a!.lift('unhealthy');
    const after = upstream.spares;
    b!.veto('draining');
    expect(spares()).toEqual(['c']);
    expect(upstream.spares).toBe(after);
  });

  it('keeps a backend out until the last of its vetoes is lifted', () => {
    const upstream = new Upstream('app', { ...settings, backends: [backend('a'), backend('b')] });
    const [a] = upstream.backends;
    a!.veto('unhealthy');
    a!.veto('circuit-open');
    a!.lift('unhealthy');
    expect(upstream.available.map(each => each.id)).toEqual(['b']);
    a!.lift('circuit-open');
    expect(upstream.available.map(each => each.id)).toEqual(['a', 'b']);
  });

  it('keeps the identity of its list while nothing changes, and never mutates a list it has published', () => {
    const upstream = new Upstream('app', { ...settings, backends: [backend('a'), backend('b')] });
    const before = upstream.available;
    upstream.backends[0]!.lift('draining');
    expect(upstream.available).toBe(before);
    upstream.backends[0]!.veto('draining');
    upstream.backends[0]!.veto('draining');
    expect(before).toHaveLength(2);
    expect(upstream.available).not.toBe(before);
  });

  it('keeps the identity of its list when a backend that is out gets another veto', () => {
    const upstream = new Upstream('app', { ...settings, backends: [backend('a'), backend('b')] });
    upstream.backends[0]!.veto('unhealthy');
    const before = upstream.available;
    upstream.backends[0]!.veto('circuit-open');
    upstream.backends[0]!.lift('unhealthy');
    expect(upstream.available).toBe(before);
  });

  it('tells its listeners of each change of vetoes, when the new list is there', () => {
    const upstream = new Upstream('app', { ...settings, backends: [backend('a'), backend('b')] });
    const calls: string[] = [];
    upstream.onChange(() => calls.push(`first: ${upstream.available.map(each => each.id).join()}`));
    upstream.onChange(() => calls.push('second'));
    upstream.backends[0]!.veto('draining');
    upstream.backends[0]!.veto('draining');
    upstream.backends[0]!.lift('draining');
    expect(calls).toEqual(['first: b', 'second', 'first: a,b', 'second']);
  });

  it('remembers why a backend is out for as long as it is out', () => {
    const upstream = new Upstream('app', { ...settings, backends: [backend('a')] });
    const a = upstream.backends[0]!;
    a.veto('unhealthy', 'answered 500');
    a.veto('unhealthy', 'answered 503');
    a.veto('draining');
    expect([...a.reasons]).toEqual([['unhealthy', 'answered 503']]);
    a.lift('unhealthy');
    expect(a.reasons.size).toBe(0);
  });
});
