import { formatProblem, type Problem } from './problem.js';

/** What a configuration was read from. */
export interface Origin {
  /** The absolute paths of its files: the main one and those that were included, or should have been. Empty for a configuration without a file. */
  readonly files: readonly string[];
  /** The absolute patterns of `include`: a file that comes to match one becomes part of the configuration. */
  readonly patterns: readonly string[];
}

/** The origin of a configuration that was given as a value. */
export const noOrigin: Origin = { files: [], patterns: [] };

/** A configuration cannot be used; has every problem that was found, in the order of the files. Its message has one line for each. */
export class ConfigError extends Error implements Origin {
  /** Tells it from other errors where classes do not. */
  override readonly name = 'ConfigError';
  readonly files: readonly string[];
  readonly patterns: readonly string[];

  constructor(
    readonly problems: readonly Problem[],
    { files, patterns }: Origin = noOrigin,
  ) {
    super(problems.map(formatProblem).join('\n'));
    this.files = files;
    this.patterns = patterns;
  }
}
