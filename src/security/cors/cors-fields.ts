import type { CorsConfig } from '../../config/file/security.config.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { PolicyContext } from '../policy.js';
import { AllowedOrigins } from './allowed-origins.js';
import { preflightMethod } from './preflight.js';

/** All names that begin so. */
const accessControl = { has: (lower: string): boolean => lower.startsWith('access-control-') };

/**
 * The fields that let the scripts of other origins read a response (Fetch §3.2.3): on every response, so that errors can be
 * read as well. The backend's own CORS fields are removed. `Vary: Origin` is on every response that could differ for another
 * origin, so that caches keep them apart.
 */
export class CorsFields {
  readonly #origins: AllowedOrigins;
  readonly #allowed: RawHeaders = [];

  constructor({ origins, credentials, exposeHeaders }: Pick<CorsConfig, 'origins' | 'credentials' | 'exposeHeaders'>) {
    this.#origins = new AllowedOrigins(origins);
    if (credentials) this.#allowed.push('Access-Control-Allow-Credentials', 'true');
    if (exposeHeaders.length > 0) this.#allowed.push('Access-Control-Expose-Headers', exposeHeaders.join(', '));
  }

  apply(headers: RawHeaders, request: Pick<PolicyContext, 'method' | 'headers'>): void {
    if (!this.#origins.any) addToVary(headers, 'Origin');
    // The policy that answers a preflight has already set all fields.
    if (preflightMethod(request) !== undefined) return;
    RawHeaders.removeAll(headers, accessControl);
    const { origin } = request.headers;
    if (this.#origins.any) headers.push('Access-Control-Allow-Origin', '*');
    else if (this.#origins.includes(origin)) headers.push('Access-Control-Allow-Origin', origin);
    else return;
    for (const entry of this.#allowed) headers.push(entry);
  }
}

/** Adds a name to the last field of `Vary`, unless it is there, so that recipients that read only the last one find it. */
export function addToVary(headers: RawHeaders, name: string): void {
  let last = -1;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.length !== 4 || headers[i]!.toLowerCase() !== 'vary') continue;
    last = i + 1;
    const names = headers[last]!.split(',').map(each => each.trim().toLowerCase());
    if (names.includes('*') || names.includes(name.toLowerCase())) return;
  }
  if (last < 0) headers.push('Vary', name);
  else headers[last] = headers[last]!.trim() === '' ? name : `${headers[last]}, ${name}`;
}
