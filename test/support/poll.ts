import { setTimeout as pause } from 'node:timers/promises';

/**
 * Milliseconds for which a test waits for what must happen, however slow the machine is: the end of it only says what was missing, before the runner's limit
 * says that a test took too long.
 */
export const patience = 25_000;

/** How long and how often `eventually` tries. */
export interface PollOptions {
  /** Milliseconds after which it gives up. Default: {@link patience}. */
  readonly deadline?: number;
  /** Milliseconds between two tries. Default: 10, and more where a try takes long: a wait has a fifth of a core at most. */
  readonly interval?: number;
  /** What is waited for: the beginning of the error's message. */
  readonly what?: string;
}

/**
 * Calls `attempt` until it neither throws nor gives `false`, and gives what it gave. Instead of a sleep.
 * Assertions can stand in it as they are; for something that may be missing write `list.find(…) ?? false`.
 * @throws Error when the deadline has passed; its cause is what the last try threw.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { deadline = patience, interval, what = 'the condition' }: PollOptions = {},
): Promise<Exclude<T, false>> {
  const until = performance.now() + deadline;
  for (;;) {
    let failure: unknown;
    const began = performance.now();
    try {
      const value = await attempt();
      if (value !== false) return value as Exclude<T, false>;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= until) {
      const reason = failure instanceof Error ? `: ${failure.message}` : '';
      throw new Error(`${what} did not come true within ${deadline} ms${reason}`, { cause: failure });
    }
    await pause(interval ?? Math.min(Math.max(10, 4 * (performance.now() - began)), 200));
  }
}

/**
 * Gives what `promise` gives, or fails when that takes longer than `deadline` milliseconds.
 * @throws Error that names `what`.
 */
export async function within<T>(promise: Promise<T>, deadline: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${deadline} ms`)), deadline);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
