import type { SecurityHeadersConfig } from '../../config/file/security.config.js';
import { fieldValueOf } from '../../http/field-value.js';
import type { RawHeaders } from '../../http/raw-headers.js';

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

  constructor({ hsts, contentTypeOptions, frameOptions, referrerPolicy }: SecurityHeadersConfig) {
    if (contentTypeOptions) this.#plain.push('X-Content-Type-Options', 'nosniff');
    if (frameOptions !== '') this.#plain.push('X-Frame-Options', fieldValueOf(frameOptions));
    if (referrerPolicy !== '') this.#plain.push('Referrer-Policy', fieldValueOf(referrerPolicy));
    this.#secure = hsts === '' ? this.#plain : [...this.#plain, 'Strict-Transport-Security', fieldValueOf(hsts)];
  }

  /** The fields for a response over that scheme: name, value, name, value … */
  for({ scheme }: Scheme): Readonly<RawHeaders> {
    return scheme === 'https' ? this.#secure : this.#plain;
  }

  apply(headers: RawHeaders, request: Scheme): void {
    const fields = this.for(request);
    const own = headers.length;
    for (let i = 0; i < fields.length; i += 2) {
      if (!has(headers, own, fields[i]!)) headers.push(fields[i]!, fields[i + 1]!);
    }
  }
}

/** Compares lengths first, which distinguishes most names without lower-casing them. */
function has(headers: RawHeaders, length: number, name: string): boolean {
  for (let i = 0; i < length; i += 2) {
    const other = headers[i]!;
    if (other.length === name.length && other.toLowerCase() === name.toLowerCase()) return true;
  }
  return false;
}
