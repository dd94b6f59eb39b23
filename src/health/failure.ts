import { isExhausted } from '../platform/exhausted.js';
import { withTlsRemedy } from '../upstream/tls-trouble.js';
import type { ProbeResult } from './probe.js';

/** Characters of a reason: enough to say what is wrong, while a server's text of any length is cut. */
const longest = 200;

/**
 * A failed probe with what went wrong as its reason: a text, or an error's message; on one line. Inconclusive when the process had no
 * descriptor left to ask with.
 */
export function failure(cause: unknown, inconclusive = isExhausted(cause)): ProbeResult {
  const reason = reasonOf(cause).replace(/\s+/g, ' ').trim();
  const shortened = reason.length > longest ? `${reason.slice(0, longest - 1)}…` : reason;
  return inconclusive ? { healthy: false, reason: shortened, inconclusive } : { healthy: false, reason: shortened };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause === 'string' && cause !== '' ? cause : 'the probe failed';
  if (cause.message !== '') return withTlsRemedy(cause.message, cause);
  // When several addresses were tried, the AggregateError has no message of its own: the first error stands for all.
  return cause instanceof AggregateError && cause.errors.length > 0 ? reasonOf(cause.errors[0]) : cause.name;
}
