import type { TestProject } from 'vitest/node';
import { ensureBuild } from '../../scripts/ensure-build.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the compiler said when dist/ could not be built; empty when it is there. */
    buildFailure: string;
  }
}

/** Builds dist/, if it is older than src/, before the first worker starts. A failure is told to the tests that start the program. */
export default async function buildOnce(project: TestProject): Promise<void> {
  let failure = '';
  try {
    await ensureBuild({ quiet: true });
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  project.provide('buildFailure', failure);
}
