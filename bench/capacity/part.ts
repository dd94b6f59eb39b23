import type { Table } from '#bench/table';

/** What a part has measured. */
export interface Measured {
  readonly tables: readonly Table[];
  /** What the tables do not say: sentences. */
  readonly notes: readonly string[];
  readonly raw: unknown;
}

/** How large a part is made: 1 as in the document, less for a try. */
export type Scale = number;

/** A part of the measurement. */
export type Part = (scale: Scale) => Promise<Measured>;

/** A count at a scale: at least 10, a multiple of it. */
export function scaled(count: number, scale: Scale): number {
  return Math.max(10, Math.round((count * scale) / 10) * 10);
}

/** A number with so many digits behind the point. */
export function fixed(value: number, digits = 1): string {
  return value.toFixed(digits);
}
