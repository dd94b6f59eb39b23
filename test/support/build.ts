import { inject } from 'vitest';
import './build-once.js';

/**
 * Makes sure that dist/ is what src/ says: it was built before the run, if need be.
 * @throws Error with the compiler's output when it could not be built.
 */
export function requireBuild(): void {
  const failure = inject('buildFailure');
  if (failure !== '') throw new Error(failure);
}
