import { createHmac, randomBytes } from 'node:crypto';
import type { BasicAuthConfig } from '../../../config/file/auth.config.js';
import type { GatewayError } from '../../../http/gateway-error.js';
import type { PolicyContext } from '../../policy.js';
import { ClientNetworks } from '../../rate-limit/client-networks.js';
import { credentialsOf, maxCredentials } from '../authorization.js';
import { basicCredentials } from './basic-credentials.js';
import { Accepted, noCredentials, Refused, type Authenticator, type Decision } from '../decision.js';
import { ExpiringCache } from '../expiring-cache.js';
import { ScryptHash } from './scrypt-hash.js';
import { passwordUncheckable, tooManyPasswords } from '../unavailable.js';
import type { WorkQueue } from './work-queue.js';

type Compared = Accepted | Refused | GatewayError;

interface User {
  readonly accepted: Accepted | undefined;
  readonly hash: ScryptHash;
}

const rightKept = 300_000;
const wrongKept = 5000;
const maxKept = 1000;
/** A client with one IPv6 address usually has its whole /64, so the /64 counts as one client. */
const clients = new ClientNetworks(64);
const malformed = new Refused('The credentials are not understood.', 'basic malformed credentials');
const wrong = new Refused('The user name or the password is wrong.', 'basic wrong user name or password');

/**
 * User names and passwords (RFC 7617). The check of a password is slow by design, so a few run at a time, on other threads, and
 * the result is cached for a while under an HMAC with a key that lives as long as the process. Right and wrong passwords have
 * separate caches, so that guesses cannot evict a user.
 */
export class BasicAuthenticator implements Authenticator {
  readonly policy = 'basic';
  readonly credential = 'authorization';
  readonly challenge: string;
  readonly #key = randomBytes(32);
  readonly #users = new Map<string, User>();
  /** Users without a password, one of which stands for each unknown name, so that unknown users take as long as known ones. */
  readonly #standIns: readonly User[];
  readonly #right = new ExpiringCache<Accepted>(maxKept);
  readonly #wrong = new ExpiringCache<Refused>(maxKept);
  readonly #pending = new Map<string, Promise<Compared>>();

  constructor(
    { realm, users }: Pick<BasicAuthConfig, 'realm' | 'users'>,
    private readonly queue: WorkQueue,
  ) {
    this.challenge = `Basic realm="${realm}", charset="UTF-8"`;
    for (const { name, scrypt } of users) {
      const hash = ScryptHash.parse(scrypt);
      if (hash === undefined) continue;
      const identity = { scheme: 'basic', subject: name, claims: {} };
      this.#users.set(name.normalize('NFC'), { accepted: new Accepted(identity, 'authorization'), hash });
    }
    this.#standIns = [...this.#users.values()].map(({ hash }) => ({ accepted: undefined, hash: hash.unmatchable() }));
  }

  authenticate({ headers, clientIp }: PolicyContext): Decision | Promise<Decision> {
    const given = credentialsOf(headers.authorization, 'basic');
    if (given === undefined) return noCredentials;
    if (given.length > maxCredentials) return malformed;
    const digest = createHmac('sha256', this.#key).update(given).digest('base64');
    return (
      this.#right.get(digest) ??
      this.#wrong.get(digest) ??
      this.#pending.get(digest) ??
      this.#check(given, digest, clientIp)
    );
  }

  #check(given: string, digest: string, clientIp: string): Refused | Promise<Compared> {
    const credentials = basicCredentials(given);
    if (credentials === undefined) return malformed;
    const name = credentials.name.normalize('NFC');
    const user = this.#users.get(name) ?? this.#standInFor(name);
    if (user === undefined) return wrong;
    const work = this.queue
      .run(clients.of(clientIp), () => this.#compare(user, credentials.password, digest))
      .then(compared => {
        this.#pending.delete(digest);
        return compared ?? tooManyPasswords;
      });
    this.#pending.set(digest, work);
    return work;
  }

  async #compare({ accepted, hash }: User, password: string, digest: string): Promise<Compared> {
    try {
      const matches = await hash.matches(password);
      if (matches && accepted !== undefined) {
        this.#right.set(digest, accepted, rightKept);
        return accepted;
      }
      this.#wrong.set(digest, wrong, wrongKept);
      return wrong;
    } catch {
      return passwordUncheckable;
    }
  }

  /** The stand-in for an unknown name. The same for the same name, because hashes may differ in cost. */
  #standInFor(name: string): User | undefined {
    const { length } = this.#standIns;
    if (length === 0) return undefined;
    return this.#standIns[createHmac('sha256', this.#key).update(name).digest().readUInt32BE() % length];
  }
}
