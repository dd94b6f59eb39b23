import { bystanderNoise, calibrationNoise, pinningNoise } from '#bench/noise';
import type { Machine } from '#bench/machine';
import type { Findings, Verdict } from '#bench/parts/scene';

/** A part of a run with what the run itself has seen meanwhile. */
export interface Watched {
  readonly findings: Findings;
  /** Share of the run's cores that other programs used. */
  readonly bystanders: number;
}

/** What the gateway costs against the peer that it is held to, by kind of traffic. */
export interface Judged extends Verdict {
  readonly section: string;
  readonly met: boolean;
}

/** What is to be thought of a run. */
export interface Conclusion {
  /** Why its figures are void. */
  readonly faults: readonly string[];
  /** Why its figures are doubtful. */
  readonly noise: readonly string[];
  readonly verdicts: readonly Judged[];
}

/** What the caller wants of a run. */
export interface Demands {
  /** Its figures are to be written. */
  readonly write: boolean;
  /** Its verdicts are to be met. */
  readonly assert: boolean;
  /** It has more than one part: its figures are worth nothing when the machine was not quiet. */
  readonly many: boolean;
}

/** Judges a whole run. */
export function conclude(machine: Machine, parts: readonly Watched[]): Conclusion {
  const best = Math.min(...parts.flatMap(({ findings }) => findings.calibrations));
  const noiseIn = ({ findings, bystanders }: Watched): string[] => [
    ...bystanderNoise(bystanders),
    ...(findings.calibrations.length > 0 ? calibrationNoise(findings.calibrations, best) : []),
    ...findings.noise,
  ];
  const named = ({ findings }: Watched, reasons: readonly string[]): string[] =>
    reasons.map(reason => `${findings.section}: ${reason}`);
  return {
    faults: parts.flatMap(part => named(part, part.findings.faults)),
    noise: [...pinningNoise(machine), ...parts.flatMap(part => named(part, noiseIn(part)))],
    verdicts: parts.flatMap(({ findings: { section, verdict } }) =>
      verdict === undefined
        ? []
        : [{ section, ...verdict, met: verdict.ratio !== undefined && verdict.ratio <= verdict.aim.limit }],
    ),
  };
}

/** Whether the figures of a run may be written: no request failed, and the machine was quiet. */
export function isWritable({ faults, noise }: Conclusion): boolean {
  return faults.length === 0 && noise.length === 0;
}

/** Whether a run has what its caller wants. Noise alone is no failure of a single part that is neither written nor part of more. */
export function succeeds(conclusion: Conclusion, { write, assert, many }: Demands): boolean {
  const isSound = write || many ? isWritable(conclusion) : conclusion.faults.length === 0;
  return isSound && (!assert || conclusion.verdicts.every(one => one.met || !one.asserted));
}
