import type { GatewayError } from '../../http/gateway-error.js';
import type { BodySchema } from '../../body-schema/body-schema.js';
import { denial } from '../denial.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';
import { hasSeveralTypes, mediaTypeOf, severalTypes } from './media-type.js';
import { nestsDeeperThan } from './nesting.js';

/** How deeply arrays and objects may be nested. */
const deepest = 100;

const accept = ['Accept', 'application/json'];
/** Characters of the longest pointer that the log shows: the names in it are the client's. */
const longestPointer = 200;
const denied = (about: string, status: number, detail: string, headers?: readonly string[]): GatewayError =>
  denial('json-schema', about, { status, detail, headers });
const denials = {
  type: denied(
    'content type',
    415,
    'The request body must be JSON in UTF-8, with a content type that says so.',
    accept,
  ),
  coding: denied('content coding', 415, 'The request body must not be compressed.', ['Accept-Encoding', 'identity']),
  missing: denied('no body', 400, 'The request must have a JSON body.'),
  broken: denied('no valid JSON', 400, 'The request body is not valid JSON.'),
  deep: denied(
    `over ${deepest} levels`,
    400,
    `The request body nests arrays and objects more than ${deepest} levels deep.`,
  ),
};

/** Methods whose meaning is in the body (RFC 9110 §9.3; QUERY). */
const carriers = new Set(['POST', 'PUT', 'PATCH', 'QUERY']);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Lets only JSON bodies pass that satisfy a schema; others get 422 with the places that fail. The bytes are passed on
 * unchanged. Compressed bodies are refused (415) instead of decompressed.
 */
export class JsonBody implements RequestPolicy {
  constructor(private readonly schema: BodySchema) {}

  check(request: PolicyContext): Verdict {
    if (!request.hasBody) return carriers.has(request.method) ? denials.missing : undefined;
    const { 'content-type': type, 'content-encoding': coding } = request.headers;
    if (!isJson(type)) return denials.type;
    if (coding !== undefined && coding.trim().toLowerCase() !== 'identity') return denials.coding;
    return hasSeveralTypes(request) ? severalTypes : undefined;
  }

  checkBody(_request: PolicyContext, body: Buffer): Verdict {
    if (nestsDeeperThan(body, deepest)) return denials.deep;
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(body));
    } catch {
      return denials.broken;
    }
    const errors = this.schema.errorsOf(value, body.length);
    if (errors === undefined) return undefined;
    const detail = 'The request body does not satisfy its schema.';
    const [first, ...others] = errors;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const about = `${first?.pointer.slice(0, longestPointer) ?? '#'}${more}`;
    return denial('json-schema', about, { status: 422, detail, errors });
  }
}

/** `application/json` or any type that ends in `+json`, in UTF-8. */
function isJson(contentType: string | undefined): boolean {
  const type = mediaTypeOf(contentType);
  if (type !== 'application/json' && !/^[^\s,/]+\/[^\s,/]+\+json$/.test(type)) return false;
  for (const [, charset] of contentType!.matchAll(/;\s*charset\s*=\s*"?([^";\s]*)/gi)) {
    if (!/^(?:utf-?8|us-ascii)$/i.test(charset!)) return false;
  }
  return true;
}
