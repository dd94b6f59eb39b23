/**
 * Comes with bytes that lie in a buffer which is read into again: they are there until the call ends by which they were passed on. Who wants them for
 * longer holds them where they lie, or copies them.
 */
export interface Loan {
  /** Has `bytes` bytes stay where they are until the function is called that it gives. Undefined: they must be copied. */
  hold(bytes: number): (() => void) | undefined;
}

/** The bytes themselves where they were not lent, or else a copy. */
export function owned(bytes: Buffer, loan: Loan | undefined): Buffer {
  return loan === undefined ? bytes : Buffer.from(bytes);
}
