import { TestRunner, onTestFinished } from 'vitest';

/** Undoes something: closes a server, kills a process, removes a folder. */
export type Closer = () => unknown;

// Of the test file that runs now: a worker runs one after the other, in the same modules.
const fileClosers: Closer[] = [];
const testClosers = new WeakMap<object, Closer[]>();

/**
 * Runs `close` when the current test has finished or, outside a test (in `beforeAll`), when the file has. Newest first.
 * What the support library starts registers itself here, so tests need no `afterEach`. Not for `test.concurrent`.
 */
export function closeLater(close: Closer): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) fileClosers.push(close);
  else closersOf(test).push(close);
}

/** Those of a test. Vitest is told of them once, since each of its hooks costs it a stack trace. */
function closersOf(test: object): Closer[] {
  const known = testClosers.get(test);
  if (known !== undefined) return known;
  const closers: Closer[] = [];
  testClosers.set(test, closers);
  onTestFinished(() => closeEach(closers));
  return closers;
}

/** Closes what outlived the tests of a file. @throws AggregateError of what could not be closed; the rest is. */
export function closeAll(): Promise<void> {
  return closeEach(fileClosers);
}

async function closeEach(closers: Closer[]): Promise<void> {
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
