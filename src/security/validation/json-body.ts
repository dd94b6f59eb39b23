import { GatewayError } from '../../http/gateway-error.js';
import type { BodySchema } from '../../body-schema/body-schema.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';
import { hasSeveralTypes, mediaTypeOf, severalTypes } from './media-type.js';
import { nestsDeeperThan } from './nesting.js';

/** How deeply arrays and objects may be nested. */
const deepest = 100;

const accept = ['Accept', 'application/json'];
const denied = (status: number, detail: string, headers?: readonly string[]): GatewayError =>
  new GatewayError('DENIED', detail, undefined, status, headers);
const denials = {
  type: denied(415, 'The request body must be JSON in UTF-8, with a content type that says so.', accept),
  coding: denied(415, 'The request body must not be compressed.', ['Accept-Encoding', 'identity']),
  missing: denied(400, 'The request must have a JSON body.'),
  broken: denied(400, 'The request body is not valid JSON.'),
  deep: denied(400, `The request body nests arrays and objects more than ${deepest} levels deep.`),
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
    return new GatewayError('DENIED', 'The request body does not satisfy its schema.', undefined, 422, [], errors);
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
