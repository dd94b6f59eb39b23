import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A token that requests must carry as `Authorization: Bearer <token>` (RFC 6750 §2.1). How long a comparison takes tells nothing about the token. */
export class BearerToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digest(token);
  }

  /** Whether an Authorization field value carries this token. */
  isIn(authorization: string | undefined): boolean {
    const presented = /^bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
    return presented !== undefined && timingSafeEqual(digest(presented), this.#digest);
  }
}
