import { formatProblem, type Problem } from './problem.js';

/** A configuration cannot be used; has every problem that was found, in the order of the file. Its message has one line for each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
  }
}
