import { createHash } from 'node:crypto';
import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates } from '../upstream/backend.js';
import { cookieValue } from './cookie.js';
import { PlanCache } from './plan-cache.js';

/** The `sticky` block of an upstream. */
export interface StickyOptions {
  /** The cookie's name. */
  readonly cookie: string;
  /** Milliseconds for which the client keeps the cookie after its last use; 0: until the browser is closed. */
  readonly ttl: number;
  readonly httpOnly: boolean;
  /** The attribute `Secure`; `auto`: set for requests that came over TLS. Browsers ignore cookies with `sameSite: none` that lack it. */
  readonly secure: 'auto' | boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
}

/** Hex digits of a token. */
const tokenLength = 16;
/** Steps in which the age of a cookie with a `ttl` is measured. */
const stepsOfLife = 8;

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' };

/**
 * Keeps a client at its backend by a cookie. Its value is a token: the first 16 hex digits of the SHA-256 of the upstream's
 * name and the backend's id. So the token shows no address, is the same in every process, and stays valid when other backends
 * come and go.
 *
 * With a `ttl`, time is counted in eighths of it, and the number of the eighth in which the cookie was set follows the token.
 * The first answer in a later eighth sets the cookie again. So it expires `ttl` after its last use, or up to an eighth earlier,
 * and most answers need no `Set-Cookie`.
 */
export class StickySession {
  readonly #tokens = new WeakMap<Backend, string>();
  readonly #byToken = new PlanCache(candidates => new Map(candidates.map(each => [this.#tokenOf(each), each])));
  readonly #attributes: string;
  /** An eighth of the `ttl`, in milliseconds; 0: a session cookie. */
  readonly #step: number;

  constructor(
    private readonly upstream: string,
    private readonly options: StickyOptions,
  ) {
    this.#step = options.ttl / stepsOfLife;
    const maxAge = options.ttl > 0 ? `; Max-Age=${Math.ceil(options.ttl / 1000)}` : '';
    const httpOnly = options.httpOnly ? '; HttpOnly' : '';
    this.#attributes = `; Path=/${maxAge}${httpOnly}; SameSite=${SAME_SITE[options.sameSite]}`;
  }

  /** The candidate that the request's cookie names; undefined without a cookie, or when that backend is no candidate. */
  find(candidates: Candidates, request: RequestInfo): Backend | undefined {
    const value = cookieValue(request.headers.cookie, this.options.cookie);
    return value === undefined ? undefined : this.#byToken.planFor(candidates).get(tokenIn(value));
  }

  /**
   * The value of a `Set-Cookie` header that keeps the client at `backend`; undefined when the request's cookie already names it
   * and need not be renewed.
   */
  cookieFor(backend: Backend, request: RequestInfo, secure: boolean): string | undefined {
    const { cookie, secure: always } = this.options;
    const token = this.#tokenOf(backend);
    // The wall clock: a cookie outlives processes.
    const value = this.#step === 0 ? token : `${token}.${Math.floor(Date.now() / this.#step).toString(36)}`;
    const present = cookieValue(request.headers.cookie, cookie);
    if (present === value || (this.#step === 0 && present !== undefined && tokenIn(present) === token))
      return undefined;
    const onlyOverTls = always === 'auto' ? secure : always;
    return `${cookie}=${value}${this.#attributes}${onlyOverTls ? '; Secure' : ''}`;
  }

  #tokenOf(backend: Backend): string {
    let token = this.#tokens.get(backend);
    if (token === undefined) {
      token = createHash('sha256').update(`${this.upstream}\0${backend.id}`).digest('hex').slice(0, tokenLength);
      this.#tokens.set(backend, token);
    }
    return token;
  }
}

/** The token in the value of a cookie, without the age that may follow it. A value of another form names no backend, and is returned whole. */
function tokenIn(value: string): string {
  return value.charAt(tokenLength) === '.' ? value.slice(0, tokenLength) : value;
}
