import { connectionFields } from '../../../fields/connection-fields.js';
import { foldName } from '../../../fields/fold-name.js';
import { writtenFields } from '../../../fields/forwarding-fields.js';
import { parseHost } from '../../../http/host.js';
import { forwardedPath, type PathPolicy } from '../../../http/path-policy.js';
import { connectionOptions } from '../../../http/request-head.js';
import type { PolicyContext } from '../../policy.js';

/** Fields of the client that its connection, its body or its cache need, or that the gateway writes itself. */
const left: ReadonlySet<string> = new Set([
  ...connectionFields,
  ...writtenFields,
  'host',
  'trailer',
  'content-length',
  'content-encoding',
  'expect',
  'max-forwards',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'accept-encoding',
  'x-request-id',
  'x-original-url',
  'x-rewrite-url',
]);

/** Fields that carry credentials: the service needs them even where its answer may replace them. */
const credentials: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/**
 * The fields of a question about a request: the client's own, without those that frame its message or that may make the answer
 * another one (conditions, ranges), and `X-Forwarded-Method`, `-Proto`, `-Host`, `-Uri`, `-For`, `X-Request-Id`. The URI is the
 * one that is forwarded, and the host the one that the route was found by: the service must decide about what will be forwarded.
 * `identity`: folded names of the fields by which the gateway tells who sends a request; the client's own are left out, except its credentials.
 */
export function questionFields(request: PolicyContext, path: PathPolicy, identity: ReadonlySet<string>): string[] {
  const { headers } = request;
  const named = headers.connection === undefined ? none : connectionOptions(headers.connection);
  const fields: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || left.has(name)) continue;
    const folded = foldName(name);
    if (folded.startsWith('x-forwarded-') || left.has(folded)) continue;
    if (!credentials.has(name) && (identity.has(folded) || named.has(name))) continue;
    if (typeof value === 'string') fields.push(name, value);
    else for (const each of value) fields.push(name, each);
  }
  fields.push('X-Forwarded-Method', request.method, 'X-Forwarded-Proto', request.scheme);
  fields.push('X-Forwarded-Host', hostOf(request), 'X-Forwarded-Uri', uriOf(request, path));
  fields.push('X-Forwarded-For', request.clientIp, 'X-Request-Id', request.id);
  return fields;
}

const none: ReadonlySet<string> = new Set();

/** As the client spelled it, unless its target was in absolute form and named another one. */
function hostOf({ headers, host }: PolicyContext): string {
  const spelled = headers.host ?? headers[':authority'];
  return typeof spelled === 'string' && parseHost(spelled)?.host === host ? spelled : host;
}

function uriOf({ path, query }: PolicyContext, policy: PathPolicy): string {
  const forwarded = forwardedPath(path, policy);
  // A path that the policy refuses has been refused before.
  const text = typeof forwarded === 'string' ? forwarded : path;
  return query === undefined ? text : `${text}?${query}`;
}
