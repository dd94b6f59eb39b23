import { isExhausted } from '../platform/exhausted.js';
import { withTlsRemedy } from '../upstream/tls-trouble.js';
import type { ProbeResult } from './probe.js';

/** Enough to say what is wrong; a server's own words are not copied without end. */
const longest = 200;

/**
 * A failed probe with what went wrong as its reason: a text, or an error's message; on one line. Inconclusive when the process had no
 * descriptor left to ask with.
 */
export function failure(cause: unknown, inconclusive = isExhausted(cause)): ProbeResult {
  const reason = reasonOf(cause).replace(/\s+/g, ' ').trim();
  const told = reason.length > longest ? `${reason.slice(0, longest - 1)}…` : reason;
  return inconclusive ? { healthy: false, reason: told, inconclusive } : { healthy: false, reason: told };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause === 'string' && cause !== '' ? cause : 'the probe failed';
  if (cause.message !== '') return withTlsRemedy(cause.message, cause);
  // Several addresses were tried: the errors of all stand in one without a message.
  return cause instanceof AggregateError && cause.errors.length > 0 ? reasonOf(cause.errors[0]) : cause.name;
}
