import { TestRunner, onTestFinished } from 'vitest';

/** Undoes something: closes a server, kills a process, removes a folder. */
export type Closer = () => unknown;

// Of the test file that runs now: a worker runs one after the other, in the same modules.
const fileClosers: Closer[] = [];

/**
 * Runs `close` when the current test has finished or, outside a test (in `beforeAll`), when the file has. Newest first.
 * What the support library starts registers itself here, so tests need no `afterEach`. Not for `test.concurrent`.
 */
export function closeLater(close: Closer): void {
  if (TestRunner.getCurrentTest() === undefined) fileClosers.push(close);
  else onTestFinished(async () => void (await close()));
}

/** Closes what outlived the tests of a file. @throws AggregateError of what could not be closed; the rest is. */
export async function closeAll(): Promise<void> {
  const errors: unknown[] = [];
  for (let close = fileClosers.pop(); close !== undefined; close = fileClosers.pop()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'could not clean up');
}
