import { createHash, timingSafeEqual } from 'node:crypto';
import { mask } from '../config/language/kinds/secret.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * A token that requests must carry as `Authorization: Bearer <token>` (RFC 6750 §2.1). The time of a comparison does not depend
 * on the token. When the token is the mask of a printed configuration, no request matches.
 */
export class BearerToken {
  readonly #digest: Buffer | undefined;

  constructor(token: string) {
    this.#digest = token === mask ? undefined : digest(token);
  }

  /** Whether an Authorization field value carries this token. */
  isIn(authorization: string | undefined): boolean {
    const presented = /^bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
    if (presented === undefined || this.#digest === undefined) return false;
    return timingSafeEqual(digest(presented), this.#digest);
  }
}
