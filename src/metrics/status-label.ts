import { STATUS_CODES } from 'node:http';

/** Those that have a meaning of their own; 499: the client went away first. */
const known: ReadonlySet<number> = new Set([...Object.keys(STATUS_CODES).map(Number), 499]);
const classes = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** A label of few values for any status that a backend answers: the number where it is a registered one, else its class, as `2xx`; `other` where it is none. */
export function statusLabel(status: number): string {
  return known.has(status) ? String(status) : classLabel(status);
}

/** The class of a status, as `2xx`; `other` where it has none. */
export function classLabel(status: number): string {
  return classes[Math.floor(status / 100)] ?? 'other';
}
