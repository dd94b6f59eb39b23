import type { IncomingHttpHeaders } from 'node:http';
import { RawHeaders } from '../fields/raw-headers.js';
import { nothingThere, type AdminProblem } from './admin-problem.js';
import type { BearerToken } from './bearer-token.js';
import { dashboardPaths } from './dashboard/dashboard.js';
import { isRebindingSafe } from './rebinding.js';

/** The parts of a request to the admin listener that decide whether it may pass. */
interface AdminRequest {
  readonly method: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** Names and values as received: `headers` shows only one of several `Host` fields. */
  readonly rawHeaders: readonly string[];
  /** Pattern of its path, for any method; undefined: there is nothing under it. */
  readonly route: string | undefined;
}

/** What the admin listener requires of its clients. */
export interface AccessRules {
  /** Undefined: no token is needed. */
  readonly token: BearerToken | undefined;
  /** The listener is on a loopback address. */
  readonly loopback: boolean;
  /** Patterns of the routes that change something: they take POST alone. */
  readonly actions: ReadonlySet<string>;
}

/**
 * Why a request is refused; undefined: it may pass. Called before a 404 can be answered, so that a client without the token
 * cannot learn which routes exist.
 */
export function refuse(
  { method, headers, rawHeaders, route }: AdminRequest,
  { token, loopback, actions }: AccessRules,
): AdminProblem | undefined {
  if (RawHeaders.repeats(rawHeaders, 'host')) {
    return { status: 400, detail: 'A request must not have several Host fields.', headers: { connection: 'close' } };
  }
  if (loopback && !isRebindingSafe(headers.host)) {
    return {
      status: 403,
      detail: 'The Host header must be localhost or an IP address, as this listener is on a loopback address.',
    };
  }
  const reads = method === 'GET' || method === 'HEAD';
  if (!(reads ? mayRead(headers) : mayAct(headers))) {
    return { status: 403, detail: 'Pages of other origins get nothing here.', headers: { connection: 'close' } };
  }
  if (reads && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0)) {
    return { status: 413, detail: 'Requests must not have a body here.', headers: { connection: 'close' } };
  }
  if (token !== undefined && !isHealth(route) && !isDashboard(route) && !token.isIn(headers.authorization)) {
    return {
      status: 401,
      detail: 'This needs the admin token: Authorization: Bearer <token>.',
      headers: { 'www-authenticate': 'Bearer realm="gatehouse admin"', ...(!reads && { connection: 'close' }) },
    };
  }
  if (route === undefined) return reads ? undefined : { ...nothingThere, headers: { connection: 'close' } };
  const acts = actions.has(route);
  if (acts ? method === 'POST' : reads) return undefined;
  return {
    status: 405,
    detail: `Only ${acts ? 'POST is' : 'GET and HEAD are'} served here.`,
    headers: { allow: acts ? 'POST' : 'GET, HEAD', connection: 'close' },
  };
}

/** A page of any site may have its reader's browser send a POST; browsers say then from where. Only pages of this listener may. */
function mayAct(headers: Readonly<IncomingHttpHeaders>): boolean {
  if (headers.origin === undefined) return headers['sec-fetch-site'] === undefined;
  return isOwn(headers) && (headers['sec-fetch-site'] ?? 'same-origin') === 'same-origin';
}

/** A page of another site cannot read what is answered, but could have it worked out for nothing. A link that leads here is no harm. */
function mayRead(headers: Readonly<IncomingHttpHeaders>): boolean {
  if (headers.origin !== undefined && !isOwn(headers)) return false;
  const site = headers['sec-fetch-site'];
  return (site !== 'cross-site' && site !== 'same-site') || headers['sec-fetch-mode'] === 'navigate';
}

/** The page has come from the host that the request is for. */
function isOwn({ host, origin }: Readonly<IncomingHttpHeaders>): boolean {
  const page = URL.parse(origin ?? '')?.host;
  return page !== undefined && page === host?.toLowerCase();
}

/**
 * Whether an answer shows only a status: `/health*` is open to probes, but only clients with the token see names, addresses and
 * reasons.
 */
export function showsStatusOnly(
  { headers, route }: Pick<AdminRequest, 'headers' | 'route'>,
  { token }: Pick<AccessRules, 'token'>,
): boolean {
  return token !== undefined && isHealth(route) && !token.isIn(headers.authorization);
}

function isHealth(route: string | undefined): boolean {
  return route === '/health' || route?.startsWith('/health/') === true;
}

/** The page asks for the token itself: a browser could not send it with a link. */
function isDashboard(route: string | undefined): boolean {
  return route === dashboardPaths.page || route === dashboardPaths.file;
}
