import type { ThreadQuestion, ThreadReport, ThreadReports } from '../admin/live/thread-report.js';

/** What is used of a worker that is asked. */
export interface InquiredWorker {
  readonly index: number;
  /** It carries traffic. */
  readonly isListening: boolean;
  /** What goes on there; undefined: it has died, or has not answered within `patience` milliseconds. */
  report(question: ThreadQuestion, patience: number): Promise<ThreadReport | undefined>;
}

/** Milliseconds within which workers must say what goes on. */
const patience = 1_000;

/** Asks all workers that carry traffic what goes on. One that does not answer in time is named, and the others are shown without it. */
export async function inquire(workers: Iterable<InquiredWorker>, question: ThreadQuestion): Promise<ThreadReports> {
  const asked = [...workers].filter(({ isListening }) => isListening);
  const answers = await Promise.all(
    asked.map(async worker => ({ thread: worker.index, report: await worker.report(question, patience) })),
  );
  return {
    reports: answers.flatMap(({ report, thread }) => (report === undefined ? [] : [{ thread, report }])),
    missing: answers.flatMap(({ report, thread }) => (report === undefined ? [thread] : [])),
  };
}
