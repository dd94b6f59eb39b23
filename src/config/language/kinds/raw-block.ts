import { Invalid } from './invalid.js';
import { Substituted } from './substituted.js';

/** A block as it was written: keys and raw values, without a prototype. */
export type RawBlock = Readonly<Record<string, unknown>>;

/** Whether a raw value is a block: neither a list, nor a scalar, nor nothing. */
export function isBlock(raw: unknown): raw is RawBlock {
  return (
    typeof raw === 'object' &&
    raw !== null &&
    !Array.isArray(raw) &&
    !(raw instanceof Substituted || raw instanceof Invalid)
  );
}
