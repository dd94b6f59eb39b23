import { expect, it } from 'vitest';
import type { TailBatch } from '../logging/tail/tail.js';
import type { ToWorker } from './messages.js';
import { WorkerTails } from './worker-tails.js';

/** A worker that notes what it is told. */
function worker() {
  const told: ToWorker[] = [];
  return { told, post: (message: ToWorker) => void told.push(message) };
}

it('has all workers watch, also those that begin later, until the watcher leaves', () => {
  const [one, two, late] = [worker(), worker(), worker()];
  const running = [one, two];
  const tails = new WorkerTails(() => running);
  const filter = { statuses: [[500, 599]] } as const;
  tails.watch(7, filter, () => {});
  running.push(late);
  tails.begin(late);
  for (const each of running) expect(each.told).toEqual([{ kind: 'tail', id: 7, filter }]);
  tails.unwatch(7);
  for (const each of running) expect(each.told.at(-1)).toEqual({ kind: 'untail', id: 7 });
  const later = worker();
  tails.begin(later);
  expect(later.told).toEqual([]);
});

it('asks a worker for more when its lines were taken, and for none when the watcher has left', () => {
  const one = worker();
  const tails = new WorkerTails(() => [one]);
  const taken: [TailBatch, () => void][] = [];
  tails.watch(7, {}, (...given) => taken.push(given));
  const batch = { lines: ['{}'], dropped: 1 };
  tails.heard(one, { kind: 'tail', id: 7, batch });
  expect([taken[0]![0], one.told.length]).toEqual([batch, 1]);
  taken[0]![1]();
  expect(one.told.at(-1)).toEqual({ kind: 'tail-next', id: 7 });
  tails.unwatch(7);
  tails.heard(one, { kind: 'tail', id: 7, batch });
  expect(taken).toHaveLength(1);
});
