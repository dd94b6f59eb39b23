import { expect, it } from 'vitest';
import { ExchangeTrail } from './exchange-trail.js';

it('the first try is known when it fails, and each other from its beginning', () => {
  const trail = new ExchangeTrail();
  trail.ended('a', 20, 10, { error: 'RESET' });
  trail.began('b', 25);
  trail.ended('b', 40, 10, { status: 503 });
  trail.began('c', 41);
  expect(trail.tries).toEqual([
    { backend: 'a', startedAt: 10, endedAt: 20, error: 'RESET' },
    { backend: 'b', startedAt: 25, endedAt: 40, status: 503 },
    { backend: 'c', startedAt: 41, endedAt: 0 },
  ]);
});

it('of two tries on one backend the one that is under way has ended', () => {
  const trail = new ExchangeTrail();
  trail.ended('a', 20, 10, { error: 'RESET', isStale: true });
  trail.began('a', 21);
  trail.ended('a', 30, 10, { error: 'HEAD_TIMEOUT' });
  expect(trail.tries.map(({ startedAt, endedAt }) => [startedAt, endedAt])).toEqual([
    [10, 20],
    [21, 30],
  ]);
});

it('the client was spared a failure where a try has failed or a fallback stood in, but a stale connection is none', () => {
  const stale = new ExchangeTrail();
  stale.ended('a', 2, 1, { error: 'RESET', isStale: true });
  stale.began('a', 3);
  const failed = new ExchangeTrail();
  failed.ended('a', 2, 1, { status: 503 });
  const fallen = new ExchangeTrail();
  fallen.fellBack = true;
  expect([new ExchangeTrail(), stale, failed, fallen].map(({ isSaved }) => isSaved)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

it('an event stream that goes on for months keeps its last tries alone', () => {
  const trail = new ExchangeTrail();
  for (let i = 0; i < 50; i++) trail.began(String(i), i);
  expect([trail.tries.length, trail.tries[0]?.backend, trail.tries.at(-1)?.backend]).toEqual([20, '30', '49']);
});
