import type { CorsConfig } from '../../config/file/security.config.js';
import type { GatewayError } from '../../http/gateway-error.js';
import type { RawHeaders } from '../../fields/raw-headers.js';
import { denial } from '../denial.js';
import { Answer, type PolicyContext, type RequestPolicy, type Verdict } from '../policy.js';
import { AllowedOrigins } from './allowed-origins.js';
import { preflightMethod } from './preflight.js';

const denied = (about: string, what: string): GatewayError =>
  denial('cors', about, { status: 403, detail: `Cross-origin requests ${what} are not allowed here.` });
const denials = {
  origin: denied('origin', 'from this origin'),
  method: denied('method', 'with this method'),
  headers: denied('headers', 'with these header fields'),
};

/** Methods that need no permission of their own (Fetch §2.2.1). */
const safelisted = ['GET', 'HEAD', 'POST'];
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** Checks a list of names loosely: it has no character that could end a header field. */
const nameList = /^[!#$%&'*+.^_`|~0-9A-Za-z, \t-]*$/;
const longestList = 8192;

/**
 * Answers the preflights of browsers: 204 with what is allowed, or 403 without any CORS field, which is how a server refuses in
 * the Fetch standard (§3.3.2).
 */
export class CorsPreflights implements RequestPolicy {
  readonly #origins: AllowedOrigins;
  readonly #methods: readonly string[] | undefined;
  readonly #headers: ReadonlySet<string> | undefined;
  /** The fields that are the same in every answer. */
  readonly #fixed: RawHeaders = ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'];

  constructor({ origins, methods, headers, credentials, maxAge }: CorsConfig) {
    this.#origins = new AllowedOrigins(origins);
    this.#methods = methods && [...new Set([...safelisted, ...methods])];
    this.#headers = headers && new Set(headers);
    if (credentials) this.#fixed.push('Access-Control-Allow-Credentials', 'true');
    this.#fixed.push('Access-Control-Max-Age', String(Math.floor(maxAge / 1000)));
  }

  check(request: PolicyContext): Verdict {
    const method = preflightMethod(request);
    if (method === undefined) return undefined;
    const { origin, 'access-control-request-headers': asked = '' } = request.headers;
    const isAllowed = this.#origins.any || this.#origins.includes(origin);
    if (!isAllowed) return denials.origin;
    const methods = this.#allowMethods(method);
    if (methods === undefined) return denials.method;
    const names = this.#allowHeaders(asked);
    if (names === undefined) return denials.headers;
    const headers = ['Access-Control-Allow-Origin', this.#origins.any ? '*' : origin!, ...this.#fixed];
    headers.push('Access-Control-Allow-Methods', methods);
    if (names !== '') headers.push('Access-Control-Allow-Headers', names);
    return new Answer({ status: 204, headers, body: '' });
  }

  #allowMethods(asked: string): string | undefined {
    if (this.#methods === undefined) return token.test(asked) ? asked : undefined;
    return this.#methods.includes(asked) ? this.#methods.join(', ') : undefined;
  }

  /** The value of `Access-Control-Allow-Headers`; empty: the field is not needed. */
  #allowHeaders(asked: string): string | undefined {
    if (asked.length > longestList || !nameList.test(asked)) return undefined;
    const allowed = this.#headers;
    if (allowed === undefined) return asked.trim();
    for (const name of asked.split(',')) {
      const lower = name.trim().toLowerCase();
      if (lower !== '' && !allowed.has(lower)) return undefined;
    }
    return asked === '' ? '' : [...allowed].join(', ');
  }
}
