/** What the test kit has opened and not closed. */
const open = new Set<{ stop(): Promise<unknown> }>();

/** The hooks by which test runners say that the tests of a file are over, where they are global: Jest, Vitest with `globals`, Mocha, Bun. */
const hooks = ['afterAll', 'after'] as const;

type Hook = (end: () => Promise<void>) => unknown;

/** Ends all that the kit has opened. For runners without global hooks: `after(stopAll)` of `node:test`. */
export async function stopAll(): Promise<void> {
  await Promise.allSettled([...open].map(each => each.stop()));
}

/** Has it ended with the tests of the file, unless it ends before. */
export function endWithTests(opened: { stop(): Promise<unknown> }): void {
  open.add(opened);
}

/** It has ended. */
export function hasEnded(opened: { stop(): Promise<unknown> }): void {
  open.delete(opened);
}

const runner = globalThis as Partial<Record<(typeof hooks)[number], Hook>>;
const hook = hooks.map(name => runner[name]).find(each => typeof each === 'function');
// The kit is loaded with a test file, where runners take hooks; within a test most of them do not.
hook?.(stopAll);
