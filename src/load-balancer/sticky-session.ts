import { createHash } from 'node:crypto';
import type { RequestInfo } from '../http/request-info.js';
import type { Backend, Candidates } from '../upstream/backend.js';
import { cookieValue } from './cookie.js';
import { PlanCache } from './plan-cache.js';

/** The `sticky` block of an upstream. */
export interface StickyOptions {
  /** The cookie's name. */
  readonly cookie: string;
  /** Milliseconds that the client keeps it, counted from when it was set; 0: until the browser is closed. */
  readonly ttl: number;
  readonly httpOnly: boolean;
  /** `auto`: for requests that came over TLS. Browsers ignore `sameSite: none` without it. */
  readonly secure: 'auto' | boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
}

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' };

/**
 * Keeps a client at its backend by a cookie. Its value is a token: the first 16 hex digits of the SHA-256 of the upstream's name
 * and the backend's id. So it names no address, is the same in every process, and still holds when other backends come and go.
 */
export class StickySession {
  readonly #tokens = new WeakMap<Backend, string>();
  readonly #byToken = new PlanCache(candidates => new Map(candidates.map(each => [this.#tokenOf(each), each])));
  readonly #attributes: string;

  constructor(
    private readonly upstream: string,
    private readonly options: StickyOptions,
  ) {
    const maxAge = options.ttl > 0 ? `; Max-Age=${Math.ceil(options.ttl / 1000)}` : '';
    const httpOnly = options.httpOnly ? '; HttpOnly' : '';
    this.#attributes = `; Path=/${maxAge}${httpOnly}; SameSite=${SAME_SITE[options.sameSite]}`;
  }

  /** The candidate that the request's cookie names; undefined without a cookie, or when that backend is not to be had. */
  find(candidates: Candidates, request: RequestInfo): Backend | undefined {
    const token = cookieValue(request.headers.cookie, this.options.cookie);
    return token === undefined ? undefined : this.#byToken.planFor(candidates).get(token);
  }

  /** The value of a `Set-Cookie` header that keeps the client at `backend`; undefined when its cookie names it already. */
  cookieFor(backend: Backend, request: RequestInfo, secure: boolean): string | undefined {
    const { cookie, secure: always } = this.options;
    const token = this.#tokenOf(backend);
    if (cookieValue(request.headers.cookie, cookie) === token) return undefined;
    const onlyOverTls = always === 'auto' ? secure : always;
    return `${cookie}=${token}${this.#attributes}${onlyOverTls ? '; Secure' : ''}`;
  }

  #tokenOf(backend: Backend): string {
    let token = this.#tokens.get(backend);
    if (token === undefined) {
      token = createHash('sha256').update(`${this.upstream}\0${backend.id}`).digest('hex').slice(0, 16);
      this.#tokens.set(backend, token);
    }
    return token;
  }
}
