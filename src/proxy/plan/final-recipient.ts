import type { LocalResponse } from '../../http/problem.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { CredentialFields } from '../../security/credential-fields.js';
import type { ExchangeView } from './exchange-view.js';
import type { RoutePlan } from './route-plan.js';

/** The answer that the gateway gives itself to a request that its policies have let pass; undefined: a backend answers. */
export function localAnswer(
  exchange: ExchangeView,
  { action, credentials, responseRules }: Pick<RoutePlan, 'action' | 'credentials' | 'responseRules'>,
): LocalResponse | undefined {
  const final = finalRecipient(exchange, credentials);
  if (final !== undefined || action.kind !== 'local') return final;
  return action.respond(exchange, responseRules);
}

/**
 * The answer to a TRACE or OPTIONS request that has come with `Max-Forwards: 0`: the gateway is then its final recipient
 * and must not forward it (RFC 9110 §7.6.2). Fields with credentials are not reflected (§9.3.8). Undefined for all other requests.
 */
export function finalRecipient(exchange: ExchangeView, credentials: CredentialFields): LocalResponse | undefined {
  const { method, head } = exchange;
  if (head.maxForwards === undefined || !/^0+$/.test(head.maxForwards)) return undefined;
  if (method === 'OPTIONS')
    return { status: 204, headers: ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE'], body: '' };
  if (method !== 'TRACE') return undefined;
  const { rawHeaders, httpVersion } = exchange.message;
  const target = exchange.query === undefined ? exchange.path : `${exchange.path}?${exchange.query}`;
  const shown = [...rawHeaders];
  RawHeaders.removeAll(shown, credentials);
  const bytes = Buffer.from(`TRACE ${target} HTTP/${httpVersion}\r\n${RawHeaders.lines(shown)}\r\n`, 'latin1');
  return {
    status: 200,
    headers: ['Content-Type', 'message/http', 'Content-Length', String(bytes.length)],
    body: bytes,
  };
}
