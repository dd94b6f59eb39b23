import { STATUS_CODES } from 'node:http';

/** Media type of a problem document (RFC 9457). */
export const PROBLEM_JSON = 'application/problem+json';

/** A refusal of the admin listener. */
export interface AdminProblem {
  readonly status: number;
  readonly detail: string;
  /** Several lines that say more. */
  readonly problems?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is said of a path that leads nowhere. */
export const nothingThere: AdminProblem = { status: 404, detail: 'There is nothing under this path.' };

/** The body of a problem document for a status; without a `type` of its own the title is the status's phrase (RFC 9457 §4.2.1). */
export function problemDocument({ status, detail, problems }: AdminProblem): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, problems });
}

/** The headers on every answer of the admin listener. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};
