import { describe, expect, it } from 'vitest';
import { RateLimitConfig } from '../../config/file/security.config.js';
import { Limit } from './limit.js';

const limitOf = (settings: Partial<RateLimitConfig> & { limit: number }): Limit =>
  new Limit('name', 'default', Object.assign(new RateLimitConfig(), settings));

describe('Limit', () => {
  it.each([
    [{ limit: 100, per: 60_000 }, '"default";q=100;w=60'],
    [{ limit: 100, per: 1000, burst: 20 }, '"default";q=100;w=1'],
    [{ limit: 10, per: 500 }, '"default";q=20;w=1'],
    [{ limit: 1, per: 1500 }, '"default";q=1;w=2'],
    // The burst is never larger than the quota that is shown.
    [{ limit: 10, per: 1000, burst: 50 }, '"default";q=50;w=5'],
    [{ limit: Number.MAX_SAFE_INTEGER, per: 1000 }, '"default";q=999999999999999;w=1'],
  ])('shows %j as %s', (settings, item) => {
    expect(limitOf(settings).policyItem).toBe(item);
  });

  it('shows what is left and when all of it is there again', () => {
    const limit = limitOf({ limit: 60, per: 60_000 });
    expect(limit.item(0)).toBe('"default";r=60;t=0');
    expect(limit.item(1e9)).toBe('"default";r=59;t=1');
    expect(limit.item(1e9 + 1)).toBe('"default";r=58;t=2');
    expect(limit.item(60e9)).toBe('"default";r=0;t=60');
    expect(limit.item(60e9, 1)).toBe('"default";r=0;t=1');
  });
});
