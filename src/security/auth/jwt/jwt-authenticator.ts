import { hash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { JwtConfig } from '../../../config/file/auth.config.js';
import type { PolicyContext } from '../../policy.js';
import { credentialsOf, maxCredentials } from '../authorization.js';
import { claimFields } from '../claim-fields.js';
import { Accepted, noCredentials, type Authenticator, type Decision } from '../decision.js';
import { ExpiringCache } from '../expiring-cache.js';
import { malformed, refusalOf, tooLong } from './jwt-refusals.js';
import type { RemoteKeys } from './remote-keys.js';

/** Seconds by which the clocks of issuer and gateway may differ. */
const clockTolerance = 5;
/** Milliseconds for which a valid token is cached. */
const longestKept = 60_000;
const maxKept = 5000;
/** Characters of the longest token that is cached; longer tokens are checked each time, because a cache of them would take too much memory. */
const longestKeptToken = 8 * 1024;
/** Keys to try for a token that names none: each costs a signature check, and every client can send such tokens. */
const mostTried = 10;
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * JSON Web Tokens (RFC 7519) in `Authorization: Bearer` (RFC 6750), signed by a key of the issuer. A valid token is cached for
 * a minute, but not beyond its `exp`, and not beyond a change of the issuer's keys.
 */
export class JwtAuthenticator implements Authenticator {
  readonly policy = 'jwt';
  readonly credential = 'authorization';
  readonly challenge = 'Bearer';
  readonly #known = new ExpiringCache<Accepted>(maxKept);
  readonly #options: JWTVerifyOptions;
  #foreseeing: JwtAuthenticator | undefined;
  /** Of the keys by which the known tokens were checked. */
  #version = 0;

  constructor(
    private readonly settings: Pick<JwtConfig, 'issuer' | 'audience' | 'algorithms' | 'forwardClaims'>,
    /** The keys that tokens are checked by. */
    readonly keys: RemoteKeys,
    /** A token with a key that is not known has the issuer asked for its keys again. */
    private readonly fetches = true,
  ) {
    const { issuer, audience, algorithms } = settings;
    this.#options = { issuer, audience, algorithms, clockTolerance, requiredClaims: ['exp'] };
  }

  get foreseeing(): Authenticator {
    return (this.#foreseeing ??= new JwtAuthenticator(this.settings, this.keys, false));
  }

  authenticate({ headers }: PolicyContext): Decision | Promise<Decision> {
    const token = credentialsOf(headers.authorization, 'bearer');
    if (token === undefined) return noCredentials;
    if (token.length > maxCredentials) return tooLong;
    const digest = hash('sha256', token, 'base64');
    if (this.#version !== this.keys.version) this.#forget();
    return this.#known.get(digest) ?? this.#check(token, digest);
  }

  #forget(): void {
    this.#known.clear();
    this.#version = this.keys.version;
  }

  async #check(token: string, digest: string): Promise<Decision> {
    if (!compact.test(token)) return malformed;
    const { version } = this.keys;
    try {
      const claims = await this.#verify(token);
      const { sub } = claims;
      const identity = { scheme: 'jwt', subject: typeof sub === 'string' ? sub : '', claims };
      const accepted = new Accepted(identity, 'authorization', claimFields(claims, this.settings.forwardClaims));
      const left = (claims.exp! + clockTolerance) * 1000 - Date.now();
      const isKept = token.length <= longestKeptToken && version === this.keys.version;
      if (isKept) this.#known.set(digest, accepted, Math.min(longestKept, left));
      return accepted;
    } catch (error) {
      return refusalOf(error);
    }
  }

  async #verify(token: string): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, (header, jws) => this.keys.find(header, jws, this.fetches), this.#options))
        .payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return this.#verifyByAny(token, error);
    }
  }

  /** Verifies a token that names no key, when several keys of the issuer match its algorithm, by the first {@link mostTried} of them. */
  async #verifyByAny(token: string, keys: errors.JWKSMultipleMatchingKeys): Promise<JWTPayload> {
    let failure: unknown = new errors.JWSSignatureVerificationFailed();
    let tried = 0;
    for await (const key of keys) {
      try {
        return (await jwtVerify(token, key, this.#options)).payload;
      } catch (error) {
        // The signature is valid, so no other key can have made it.
        if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) throw error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) failure = error;
      }
      if (++tried === mostTried) break;
    }
    throw failure;
  }
}
