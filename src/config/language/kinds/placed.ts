import type { Source } from './source.js';

/** A raw value from a file that another one includes: its relative paths are relative to the file in which it stands. */
export class Placed {
  constructor(
    readonly value: unknown,
    readonly source: Source,
  ) {}
}
