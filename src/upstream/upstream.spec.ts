import { describe, expect, it } from 'vitest';
import { Upstream } from './upstream.js';

const strategy = { name: 'round-robin' };
const backend = (id: string, backup = false) => ({ id, url: `http://${id}:80`, weight: 1, backup });

describe('an upstream', () => {
  it('offers its primaries, and a backup only when no primary is left', () => {
    const upstream = new Upstream('app', { strategy, backends: [backend('a'), backend('b'), backend('c', true)] });
    expect(upstream.available.map(each => each.id)).toEqual(['a', 'b']);
    upstream.backends[0]!.veto('draining');
    expect(upstream.available.map(each => each.id)).toEqual(['b']);
    upstream.backends[1]!.veto('unhealthy');
    expect(upstream.available.map(each => each.id)).toEqual(['c']);
    upstream.backends[2]!.veto('unhealthy');
    expect(upstream.available).toEqual([]);
  });

  it('keeps a backend out until the last of its vetoes is lifted', () => {
    const upstream = new Upstream('app', { strategy, backends: [backend('a'), backend('b')] });
    const [a] = upstream.backends;
    a!.veto('unhealthy');
    a!.veto('circuit-open');
    a!.lift('unhealthy');
    expect(upstream.available.map(each => each.id)).toEqual(['b']);
    a!.lift('circuit-open');
    expect(upstream.available.map(each => each.id)).toEqual(['a', 'b']);
  });

  it('keeps the identity of its list while nothing changes, and never mutates a list it has published', () => {
    const upstream = new Upstream('app', { strategy, backends: [backend('a'), backend('b')] });
    const before = upstream.available;
    upstream.backends[0]!.lift('draining');
    expect(upstream.available).toBe(before);
    upstream.backends[0]!.veto('draining');
    upstream.backends[0]!.veto('draining');
    expect(before).toHaveLength(2);
    expect(upstream.available).not.toBe(before);
  });
});
