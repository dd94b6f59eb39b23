/** Further details of a refused value. */
export interface InvalidDetails {
  /** Replaces the sentence `found …, expected …`. */
  readonly message?: string;
  /** What the author may have meant: shown as `did you mean …?`. */
  readonly suggestion?: string;
  /** `file`: the value is well-formed, but the file that it names cannot be used. Default: `value`. */
  readonly cause?: 'value' | 'file';
  /** `key`: the name is wrong rather than its value, so the problem points at the name. Default: `value`. */
  readonly at?: 'key' | 'value';
}

/**
 * A value that was refused: it takes the place of the parsed value until the problems are collected, so that one bad value does
 * not hide the others.
 */
export class Invalid {
  constructor(
    /** The value as it was written. */
    readonly found: unknown,
    /** The allowed values: a noun phrase such as `a duration such as 250ms, 5s, 1m`. */
    readonly expected: string,
    readonly details: InvalidDetails = {},
  ) {}
}

/** An `Invalid` and its path below the searched value. */
type Located = readonly [path: readonly string[], invalid: Invalid];

/** The refused values in `value`: itself, or among the elements of lists and maps at any depth. */
export function invalidsIn(value: unknown, path: readonly string[] = []): Located[] {
  if (value instanceof Invalid) return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((item, index) => invalidsIn(item, [...path, String(index)]));
  if (value instanceof Map) return [...value].flatMap(([key, item]) => invalidsIn(item, [...path, String(key)]));
  return [];
}
