import type { Command } from '#bench/command';

/** What a proxy under test is given. */
export interface Setting {
  /** The port that it must listen on, on 127.0.0.1. */
  readonly port: number;
  /** The backends to balance over, as `host:port`. */
  readonly backends: readonly string[];
  /** A folder of its own for configuration and logs. */
  readonly folder: string;
}

/** One proxy under test. */
export interface Subject {
  readonly name: string;
  /** Its version, or undefined when it is not installed here: then it is skipped. */
  version(): string | undefined;
  /** Writes its configuration and returns the command that runs it in the foreground. */
  prepare(setting: Setting): Command;
}
