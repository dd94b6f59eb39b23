import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TestRunner } from 'vitest';

/** True: an optional tool that is missing fails its tests instead of skipping them. Set in CI. */
export const requireAll = process.env['GATEHOUSE_REQUIRE_ALL'] === '1';

/** Where a program is; undefined when it is not installed. Looks in the folders of the system's administrators, too. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

/**
 * The path of a program that some tests need (`nginx`, `chromium`, `curl`, `openssl`). When it is missing:
 * in a `describe`, or at the top of a file, marks that suite as skipped and gives the bare name; in a test, skips the test.
 * @throws Error instead, when GATEHOUSE_REQUIRE_ALL=1.
 */
export function requireTool(name: string): string {
  const path = findTool(name);
  if (path !== undefined) return path;
  if (requireAll) throw new Error(`${name} is not installed, and GATEHOUSE_REQUIRE_ALL=1 asks for it`);
  const test = TestRunner.getCurrentTest();
  if (test) return test.context.skip(`${name} is not installed`);
  const { suite, file } = TestRunner.getCurrentSuite();
  const skipped = suite ?? file;
  if (skipped) skipped.mode = 'skip';
  return name;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
