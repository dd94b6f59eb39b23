/**
 * Milliseconds that a response asks its client to wait (RFC 9110 §10.2.3: seconds or a date); 0 when it asks for nothing, or
 * for nothing that can be read.
 */
export function retryAfter(headers: readonly (Buffer | string)[], now: () => number = Date.now): number {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]!.length !== 11 || headers[i]!.toString().toLowerCase() !== 'retry-after') continue;
    const value = headers[i + 1]!.toString().trim();
    const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now();
    return wait > 0 ? wait : 0;
  }
  return 0;
}
