import type { EffectiveSecurity } from '../config/file/route-settings.js';
import type { RawHeaders } from '../fields/raw-headers.js';
import { CorsFields } from './cors/cors-fields.js';
import { SecurityHeaders } from './headers/security-headers.js';
import type { PolicyContext } from './policy.js';

/** The parts of a request that decide on the fields of its response. */
type AnsweredRequest = Pick<PolicyContext, 'method' | 'headers' | 'scheme'>;

/** Changes the fields of every response in place, whether it comes from a backend, the gateway, or a policy that denies. */
export interface ResponseDefaults {
  apply(headers: RawHeaders, request: AnsweredRequest): void;
}

/** The changes that `security.cors` and `security.headers` require of responses; undefined: none. */
export function responseDefaultsOf({ cors, headers }: EffectiveSecurity): ResponseDefaults | undefined {
  const all: ResponseDefaults[] = [];
  if (cors !== undefined) all.push(new CorsFields(cors));
  if (headers !== undefined) all.push(new SecurityHeaders(headers));
  return all.length > 1 ? new Several(all) : all[0];
}

class Several implements ResponseDefaults {
  constructor(private readonly all: readonly ResponseDefaults[]) {}

  apply(headers: RawHeaders, request: AnsweredRequest): void {
    for (const each of this.all) each.apply(headers, request);
  }
}
