import type { Certificate } from '#bench/certificate';
import type { Command } from '#bench/command';
import type { Protocol } from '#bench/work';

/** What a proxy under test is given. */
export interface Setting {
  /** The port that it must listen on, on 127.0.0.1. */
  readonly port: number;
  /** What its clients speak. */
  readonly protocol: Protocol;
  /** What it shows its clients; absent where they come without TLS. */
  readonly certificate?: Certificate;
  /** The backends to balance over, as `host:port`. */
  readonly backends: readonly string[];
  /** A folder of its own for configuration and logs. */
  readonly folder: string;
}

/** One proxy under test. */
export interface Subject {
  readonly name: string;
  /** The protocols of clients that it takes part in. */
  readonly protocols: readonly Protocol[];
  /** Its version, or undefined when it is not installed here: then it is skipped. */
  version(): string | undefined;
  /** Writes its configuration and returns the command that runs it in the foreground. */
  prepare(setting: Setting): Command;
  /** The command that prints its help, where the time of that is measured. */
  help?(): Command;
}
