import { describe, expect, it } from 'vitest';
import { buildConfig } from '../loading/load-config.js';
import { needsRestart } from './needs-restart.js';

const load = (changes: object = {}) =>
  buildConfig({ upstreams: { app: { backends: ['http://10.0.0.1'] } }, ...changes }, { unsupported: [] });

const said = (from: object, to: object) => needsRestart(load(from), load(to));
const next = (change: string) => `${change}: takes effect with the next start`;

describe('what cannot change while the gateway runs', () => {
  it.each<[string, object, object, string[]]>([
    ['the number of workers', { workers: 1 }, { workers: 4 }, ['workers 1 → 4']],
    ['a default', {}, { workers: 4 }, ['workers auto (default) → 4']],
    [
      'the address of the operator',
      { admin: { port: 9902 } },
      { admin: { host: '::1', port: 9903 } },
      ['admin.host 127.0.0.1 (default) → ::1', 'admin.port 9902 → 9903'],
    ],
    ['buckets', { metrics: { buckets: [1, 2] } }, { metrics: { buckets: [1] } }, ['metrics.buckets [1, 2] → [1]']],
    [
      'the store of limits',
      { rateLimitStore: 'memory' },
      { rateLimitStore: { redis: 'redis://gw:secret@host' } },
      ['rateLimitStore memory (default) → { redis: redis://gw:****@host, prefix: gw: }'],
    ],
    [
      'the password of the store',
      { rateLimitStore: { redis: 'redis://gw:secret@host' } },
      { rateLimitStore: { redis: 'redis://gw:other@host' } },
      ['rateLimitStore changed'],
    ],
  ])('is said: %s', (_, from, to, lines) => {
    expect(said(from, to)).toEqual(lines.map(next));
  });

  it('is nothing of all else', () => {
    const others = {
      admin: { token: 'x' },
      logging: { level: 'warn', format: 'pretty', time: 'iso', access: { format: 'combined' } },
      sse: { resume: true },
      trustedProxies: ['::1'],
    };
    expect(said({}, others)).toEqual([]);
    expect(said(others, others)).toEqual([]);
  });
});
