import { hash } from 'node:crypto';
import type { ApiKeyConfig } from '../../config/file/auth.config.js';
import type { PolicyContext } from '../policy.js';
import { maxCredentials } from './authorization.js';
import { Accepted, noCredentials, Refused, type Authenticator, type Decision } from './decision.js';

const wrong = new Refused('The API key is not valid.', 'api-key unknown');

/**
 * API keys in a header field, known by their SHA-256. The digest is looked up in a map. The time of the look-up depends only on
 * digests, so it does not help to guess a key.
 */
export class ApiKeyAuthenticator implements Authenticator {
  readonly policy = 'api-key';
  readonly challenge: string;
  readonly credential: string;
  readonly #keys = new Map<string, Accepted>();

  constructor({ header, keys }: Pick<ApiKeyConfig, 'header' | 'keys'>) {
    this.credential = header;
    this.challenge = `ApiKey header="${header}"`;
    for (const { id, sha256 } of keys) {
      this.#keys.set(sha256.toLowerCase(), new Accepted({ scheme: 'api-key', subject: id, claims: {} }, header));
    }
  }

  authenticate({ headers }: PolicyContext): Decision {
    const key = headers[this.credential];
    if (key === undefined) return noCredentials;
    if (typeof key !== 'string' || key.length > maxCredentials) return wrong;
    // Hashes the bytes that were sent: Node gives each byte as a Latin-1 character.
    return this.#keys.get(hash('sha256', Buffer.from(key, 'latin1'), 'hex')) ?? wrong;
  }
}
