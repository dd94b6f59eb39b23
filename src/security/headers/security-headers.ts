import type { SecurityHeadersConfig } from '../../config/file/security.config.js';
import { fieldValueOf } from '../../http/field-value.js';
import { RawHeaders } from '../../fields/raw-headers.js';

/** The part of a request that decides on the fields of its response. */
interface Scheme {
  readonly scheme: 'http' | 'https';
}

/**
 * The fields of `security.headers`: added to a response that does not have them. `Strict-Transport-Security` only over https,
 * as RFC 6797 §7.2 asks.
 */
export class SecurityHeaders {
  readonly #plain: RawHeaders = [];
  readonly #secure: RawHeaders;
  /** Of all these fields, in lower case. */
  readonly #names: readonly string[];

  constructor({ hsts, contentTypeOptions, frameOptions, referrerPolicy }: SecurityHeadersConfig) {
    if (contentTypeOptions) this.#plain.push('X-Content-Type-Options', 'nosniff');
    if (frameOptions !== '') this.#plain.push('X-Frame-Options', fieldValueOf(frameOptions));
    if (referrerPolicy !== '') this.#plain.push('Referrer-Policy', fieldValueOf(referrerPolicy));
    this.#secure = hsts === '' ? this.#plain : [...this.#plain, 'Strict-Transport-Security', fieldValueOf(hsts)];
    this.#names = RawHeaders.pairs(this.#secure).map(([name]) => name.toLowerCase());
  }

  /** The fields for a response over that scheme: name, value, name, value … */
  for({ scheme }: Scheme): Readonly<RawHeaders> {
    return scheme === 'https' ? this.#secure : this.#plain;
  }

  apply(headers: RawHeaders, request: Scheme): void {
    const fields = this.for(request);
    for (let i = 0; i < fields.length; i += 2) {
      if (!RawHeaders.has(headers, this.#names[i >> 1]!)) headers.push(fields[i]!, fields[i + 1]!);
    }
  }
}
