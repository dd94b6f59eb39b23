import { beforeAll } from 'vitest';
import { ensureBuild } from '../../scripts/ensure-build.mjs';

let failure: Error | undefined;

// Registered by whatever test file imports this, and before its own hooks: a build may take longer than a test.
beforeAll(async () => {
  try {
    await ensureBuild({ quiet: true });
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
}, 300_000);

/**
 * Makes sure that dist/ is as new as src/: built at most once a run, before the first test of a file that starts the program.
 * @throws Error with the compiler's output when it could not be built.
 */
export function requireBuild(): void {
  if (failure !== undefined) throw failure;
}
