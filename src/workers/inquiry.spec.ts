import { expect, it } from 'vitest';
import type { ThreadReport } from '../admin/live/thread-report.js';
import { inquire, type InquiredWorker } from './inquiry.js';

/** A worker that answers, or does not. */
function worker(index: number, answers: boolean, isListening = true): InquiredWorker {
  const report = { inFlight: index } as ThreadReport;
  return { index, isListening, report: async () => (answers ? report : undefined) };
}

it('gives what the workers that carry traffic say, and names those that say nothing', async () => {
  const { missing, reports } = await inquire([worker(1, true), worker(2, false), worker(3, true, false)], {});
  expect(reports.map(({ report, thread }) => [thread, report.inFlight])).toEqual([[1, 1]]);
  expect(missing).toEqual([2]);
});

it('asks all at once, and gives them a second at most', async () => {
  const asked: number[] = [];
  const held = Promise.withResolvers<undefined>();
  const slow = { ...worker(1, true), report: (_: object, patience: number) => (asked.push(patience), held.promise) };
  const other = { ...worker(2, true), report: (_: object, patience: number) => (asked.push(patience), held.promise) };
  const answer = inquire([slow, other], {});
  expect(asked).toEqual([1_000, 1_000]);
  held.resolve(undefined);
  expect((await answer).missing).toEqual([1, 2]);
});
