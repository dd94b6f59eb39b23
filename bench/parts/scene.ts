import type { Pace } from '#bench/contest';
import type { Spacing } from '#bench/load/arrivals';
import type { Machine } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';
import type { Table } from '#bench/table';
import type { Aim } from '#bench/work';

/** Everything that the parts of a run have in common. */
export interface Scene {
  readonly machine: Machine;
  /** Who takes part, of those that are installed. */
  readonly subjects: readonly Subject[];
  readonly pace: Pace;
  readonly connections: number;
  /** The name of the preferred load generator for HTTP/1.1. */
  readonly generator: string | undefined;
  /** Requests a second of an open-loop load. */
  readonly rate: number;
  /** How those are spread. */
  readonly spacing: Spacing;
  /** The ratio that the gateway is held to in every kind of traffic, instead of the usual ones. */
  readonly limit: number | undefined;
  /** Whether the run has one part alone, which is then held to the usual limit if it has none of its own. */
  readonly single: boolean;
  /** Idle connections of which the memory is measured. */
  readonly idle: number;
  progress(line: string): void;
}

/** What a part of a run has found. */
export interface Findings {
  /** The name of the part, and of its section of the document. */
  readonly section: string;
  readonly tables: readonly Table[];
  /** What took part, with versions. */
  readonly circumstances: readonly string[];
  /** Why the figures are void: requests that failed. */
  readonly faults: readonly string[];
  /** Signs that the machine was not quiet. */
  readonly noise: readonly string[];
  /** Milliseconds of the fixed work, for each round. */
  readonly calibrations: readonly number[];
  readonly verdict?: Verdict;
  /** All samples, for `--json`. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** How dear the gateway is against the peer that it is held to. */
export interface Verdict {
  readonly aim: Aim;
  /** Whether `--assert` is about it. */
  readonly asserted: boolean;
  /** Undefined when one of the two was not measured. */
  readonly ratio: number | undefined;
}

/** A part of a run. It measures, or returns in words why it cannot. */
export type Part = (scene: Scene) => Promise<Findings | string>;

/** Name and version of each proxy. */
export function versionsOf(subjects: readonly Subject[]): string[] {
  return subjects.map(one => `${one.name} ${one.version() ?? ''}`);
}
