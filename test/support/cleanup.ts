import { TestRunner, afterAll, onTestFinished } from 'vitest';

/** Undoes something: closes a server, kills a process, removes a folder. */
export type Closer = () => unknown;

const fileClosers: Closer[] = [];

// Registered while the test file is collected, so it runs when all of the file's tests are done.
afterAll(async () => {
  await runAll(fileClosers);
});

/**
 * Runs `close` when the current test has finished or, outside a test (in `beforeAll`), when the file has. Newest first.
 * What the support library starts registers itself here, so tests need no `afterEach`. Not for `test.concurrent`.
 */
export function closeLater(close: Closer): void {
  if (TestRunner.getCurrentTest() === undefined) fileClosers.push(close);
  else onTestFinished(async () => void (await close()));
}

async function runAll(closers: Closer[]): Promise<void> {
  const errors: unknown[] = [];
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'could not clean up');
}
