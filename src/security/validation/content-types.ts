import type { GatewayError } from '../../http/gateway-error.js';
import { denial } from '../denial.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';
import { hasSeveralTypes, mediaTypeOf, severalTypes } from './media-type.js';

/** Refuses bodies with an unlisted type, or without a type, with 415 and `Accept` (RFC 9110 §15.5.16). */
export class ContentTypes implements RequestPolicy {
  readonly #exact: ReadonlySet<string>;
  /** The prefix `image/` for `image/*`. */
  readonly #families: readonly string[];
  readonly #denied: GatewayError;

  constructor(types: readonly string[]) {
    const lower = types.map(type => type.toLowerCase());
    this.#exact = new Set(lower.filter(type => !type.endsWith('/*')));
    this.#families = lower.filter(type => type.endsWith('/*')).map(type => type.slice(0, -1));
    const accept = lower.join(', ');
    const detail = `Request bodies must be of one of these types: ${accept}.`;
    this.#denied = denial('content-type', `not of ${accept}`, { status: 415, detail, headers: ['Accept', accept] });
  }

  check(request: PolicyContext): Verdict {
    if (!request.hasBody) return undefined;
    const type = mediaTypeOf(request.headers['content-type']);
    if (!this.#exact.has(type) && !this.#families.some(family => isOf(type, family))) return this.#denied;
    return hasSeveralTypes(request) ? severalTypes : undefined;
  }
}

function isOf(type: string, family: string): boolean {
  return type.length > family.length && type.startsWith(family) && !/[\s,/]/.test(type.slice(family.length));
}
