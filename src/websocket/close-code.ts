/** 1004 is reserved; 1006 and 1015 stand for ends without a Close frame. */
const registered = new Set([1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]);

/**
 * A metric label of few values for a close code (RFC 6455 §7.4): the number for the codes that have a meaning of their
 * own on the wire and for 1005, `application` for 3000 to 4999, `none` when there was no Close frame, `other` otherwise.
 */
export function closeLabel(code: number | undefined): string {
  if (code === undefined) return 'none';
  if (code >= 3000 && code <= 4999) return 'application';
  return registered.has(code) ? String(code) : 'other';
}
