import type { IncomingHttpHeaders } from 'node:http';
import type { AdminProblem } from './admin-problem.js';
import type { BearerToken } from './bearer-token.js';
import { isRebindingSafe } from './loopback.js';

/** What a request to the admin listener is judged by. */
export interface AdminRequest {
  readonly method: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** Names and values as they came: `headers` shows one `Host` of several. */
  readonly rawHeaders: readonly string[];
  /** Pattern of the route that will answer; undefined when none does. */
  readonly route: string | undefined;
}

/** What the admin listener asks of its clients. */
export interface AccessRules {
  /** Undefined: no token is needed. */
  readonly token: BearerToken | undefined;
  /** The listener is on a loopback address. */
  readonly loopback: boolean;
}

/** Why a request is refused; undefined when it may pass. Asked before routing has any effect, so that a 404 tells nothing without the token. */
export function refuse(
  { method, headers, rawHeaders, route }: AdminRequest,
  { token, loopback }: AccessRules,
): AdminProblem | undefined {
  if (hostsIn(rawHeaders) > 1) {
    return { status: 400, detail: 'A request must not have several Host fields.', headers: { connection: 'close' } };
  }
  if (loopback && !isRebindingSafe(headers.host)) {
    return {
      status: 403,
      detail: 'The Host header must be localhost or an IP address, as this listener is on a loopback address.',
    };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return {
      status: 405,
      detail: 'Only GET and HEAD are served here.',
      headers: { allow: 'GET, HEAD', connection: 'close' },
    };
  }
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    return { status: 413, detail: 'Requests must not have a body here.', headers: { connection: 'close' } };
  }
  if (token !== undefined && !isOpen(route) && !token.isIn(headers.authorization)) {
    return {
      status: 401,
      detail: 'This needs the admin token: Authorization: Bearer <token>.',
      headers: { 'www-authenticate': 'Bearer realm="gatehouse admin"' },
    };
  }
  return undefined;
}

/**
 * Whether an answer tells no more than a status: `/health*` is open to probes, but names, addresses and reasons are for those who
 * have the token.
 */
export function isCurt({ headers, route }: Pick<AdminRequest, 'headers' | 'route'>, { token }: AccessRules): boolean {
  return token !== undefined && isOpen(route) && !token.isIn(headers.authorization);
}

function hostsIn(rawHeaders: readonly string[]): number {
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
}

function isOpen(route: string | undefined): boolean {
  return route === '/health' || route?.startsWith('/health/') === true;
}
