/** Codes by which the system says that this process, or the machine, has no descriptor or buffer left. */
const codes = new Set(['EMFILE', 'ENFILE', 'ENOBUFS']);

/**
 * True for an error that says so, of the system or of {@link outOfDescriptors}, or that has one as its cause (as `fetch` has): it is the
 * gateway's own trouble, never that of the other side.
 */
export function isExhausted(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && codes.has(String(error.code))) || isExhausted(error.cause);
}

/** What a connection fails with for which there is no descriptor left in its share. */
export function outOfDescriptors(): Error {
  return Object.assign(new Error('connect EMFILE: no descriptor is left for connections to backends'), {
    code: 'EMFILE',
  });
}
