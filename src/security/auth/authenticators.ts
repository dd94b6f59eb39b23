import type { Logger } from 'pino';
import type {
  ApiKeyConfig,
  AuthConfig,
  BasicAuthConfig,
  ForwardAuthConfig,
  JwtConfig,
} from '../../config/file/auth.config.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { BasicAuthenticator } from './basic/basic-authenticator.js';
import { WorkQueue, type WorkBounds } from './basic/work-queue.js';
import type { Authenticator } from './decision.js';
import { AuthService } from './forward/auth-service.js';
import { fetchKeys } from './jwt/fetch-keys.js';
import { JwtAuthenticator } from './jwt/jwt-authenticator.js';
import { KeysLog } from './jwt/keys-log.js';
import { RemoteKeys } from './jwt/remote-keys.js';
import { Leases } from './leases.js';

/** Two passwords are checked at the same time, which is half of Node's thread pool, so that threads for files and DNS are left. */
const passwords: WorkBounds = { running: 2, waiting: 32, waitingOfOne: 8 };

/**
 * What the methods of `security.auth` know and hold: keys of issuers, connections to auth services, known tokens and passwords. Each belongs to the
 * block of its method, for all routes and all configurations that have the same object; keys belong to the address that they come from. A holder is a
 * configuration, or what needs methods until the end.
 */
export class Authenticators {
  readonly #keys = new Leases<string, RemoteKeys>();
  readonly #services = new Leases<ForwardAuthConfig, AuthService>();
  readonly #tokens = new WeakMap<JwtConfig, JwtAuthenticator>();
  readonly #apiKeys = new WeakMap<ApiKeyConfig, ApiKeyAuthenticator>();
  readonly #users = new WeakMap<BasicAuthConfig, BasicAuthenticator>();
  readonly #passwords = new WorkQueue(passwords);
  #started = false;

  constructor(private readonly log: Logger) {}

  /** Starts to fetch keys, and from now on those that are new as well. */
  start(): void {
    this.#started = true;
    for (const keys of this.#keys) keys.start();
  }

  /** The methods of a block that read credentials themselves: all but `forward`. */
  of({ jwt, apiKey, basic }: AuthConfig, holder: object): Authenticator[] {
    const methods: Authenticator[] = [];
    if (jwt !== undefined) methods.push(this.#tokensOf(jwt, holder));
    if (apiKey !== undefined) methods.push(kept(this.#apiKeys, apiKey, () => new ApiKeyAuthenticator(apiKey)));
    if (basic !== undefined)
      methods.push(kept(this.#users, basic, () => new BasicAuthenticator(basic, this.#passwords)));
    return methods;
  }

  /** The service that `forward` asks. Throws, in one line, when its file `ca` cannot be used. */
  service(forward: ForwardAuthConfig, holder: object): AuthService {
    return this.#services.take(forward, holder, () => new AuthService(forward));
  }

  /** The holder is in force no more: what nothing else holds is retired. */
  retire(holder: object): void {
    this.#keys.retire(holder);
    this.#services.retire(holder);
  }

  /** The holder has never been in force: what nothing else holds is ended. */
  discard(holder: object): void {
    this.#keys.discard(holder);
    this.#services.discard(holder);
  }

  /** Ends all that goes on. */
  async end(): Promise<void> {
    await this.#keys.end();
    await this.#services.end();
  }

  #tokensOf(jwt: JwtConfig, holder: object): JwtAuthenticator {
    const keys = this.#keysOf(jwt, holder);
    let tokens = this.#tokens.get(jwt);
    // The block may come back when its keys have been retired.
    if (tokens?.keys !== keys) this.#tokens.set(jwt, (tokens = new JwtAuthenticator(jwt, keys)));
    return tokens;
  }

  #keysOf({ jwks, ca }: JwtConfig, holder: object): RemoteKeys {
    const source = ca === undefined ? jwks : `${jwks} ${ca}`;
    const make = (): RemoteKeys => new RemoteKeys(signal => fetchKeys(jwks, ca, signal), new KeysLog(jwks, this.log));
    const keys = this.#keys.take(source, holder, make);
    if (this.#started) keys.start();
    return keys;
  }
}

function kept<K extends object, V>(known: WeakMap<K, V>, block: K, make: () => V): V {
  let value = known.get(block);
  if (value === undefined) known.set(block, (value = make()));
  return value;
}
