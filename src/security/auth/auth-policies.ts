import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AuthConfig, JwtConfig } from '../../config/file/auth.config.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import { PINO } from '../../logging/logging.module.js';
import type { PolicyScope, PolicySource, StagedPolicy } from '../policy-source.js';
import type { RequestPolicy } from '../policy.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.js';
import { AuthService } from './forward/auth-service.js';
import { Authentication } from './authentication.js';
import { BackendFields, forbiddenElsewhere } from './backend-fields.js';
import { BasicAuthenticator } from './basic/basic-authenticator.js';
import type { Authenticator } from './decision.js';
import { fetchKeys } from './jwt/fetch-keys.js';
import { ForgedFields } from './forged-fields.js';
import { ForwardAuthenticator } from './forward/forward-authenticator.js';
import { JwtAuthenticator } from './jwt/jwt-authenticator.js';
import { KeysLog } from './jwt/keys-log.js';
import { RemoteKeys } from './jwt/remote-keys.js';
import { WorkQueue, type WorkBounds } from './basic/work-queue.js';

/** Two passwords are checked at the same time, which is half of Node's thread pool, so that threads for files and DNS are left. */
const passwords: WorkBounds = { running: 2, waiting: 32, waitingOfOne: 8 };

/** The policies of `security.auth`. The routes of one block share its keys, connections and caches. */
@Injectable()
export class AuthPolicies implements PolicySource, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #elsewhere = new WeakMap<GatewayConfig, readonly string[]>();
  readonly #keys = new Map<string, RemoteKeys>();
  readonly #services = new Map<object, AuthService>();
  readonly #methods = new Map<AuthConfig, readonly Authenticator[]>();
  readonly #passwords = new WorkQueue(passwords);
  #started = false;

  constructor(@Inject(PINO) private readonly log: Logger) {}

  /** Starts to fetch keys. */
  onApplicationBootstrap(): void {
    this.#started = true;
    for (const keys of this.#keys.values()) keys.start();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const keys of this.#keys.values()) keys.end();
    await Promise.all([...this.#services.values()].map(service => service.close()));
  }

  policies(security: EffectiveSecurity, scope: PolicyScope): readonly StagedPolicy[] {
    const policy = this.#policy(security, scope);
    if (policy === undefined) return [];
    const { auth } = security;
    return [{ stage: 'authentication', policy, origin: auth, ownRouteOnly: policy instanceof ForgedFields }];
  }

  #policy({ auth, validation }: EffectiveSecurity, { config, path }: PolicyScope): RequestPolicy | undefined {
    const elsewhere = this.#elsewhereIn(config);
    if (auth === undefined || auth.mode === 'off') {
      if (elsewhere.length === 0) return undefined;
      return new ForgedFields(new BackendFields(new Set(elsewhere), new Set(), new Set()));
    }
    const identity = new Set([...elsewhere, ...identityFields(auth)]);
    const methods = [...this.#shared(auth)];
    const { forward } = auth;
    if (forward !== undefined) {
      methods.push(new ForwardAuthenticator(forward, this.#service(forward), validation.path, identity));
    }
    // A block that was made by hand and is empty must not leave the route open.
    if (methods.length === 0) throw new Error(`${path}.auth: no method is given, and mode is not off`);
    return new Authentication(
      methods,
      auth.mode,
      new BackendFields(identity, credentialFields(auth), keptFields(auth)),
    );
  }

  /** The fields that clients may not send on any route, since a route of the configuration tells backends in them who sends a request. */
  #elsewhereIn(config: GatewayConfig): readonly string[] {
    let names = this.#elsewhere.get(config);
    if (names === undefined) {
      const blocks = [config.security.auth, ...config.routes.map(({ security }) => security?.auth)];
      names = forbiddenElsewhere(blocks.flatMap(block => (block === undefined ? [] : identityFields(block))));
      this.#elsewhere.set(config, names);
    }
    return names;
  }

  /** The methods that all routes of the block share. */
  #shared(auth: AuthConfig): readonly Authenticator[] {
    let methods = this.#methods.get(auth);
    if (methods === undefined) {
      const { jwt, apiKey, basic } = auth;
      methods = [
        ...(jwt === undefined ? [] : [new JwtAuthenticator(jwt, this.#keysOf(jwt))]),
        ...(apiKey === undefined ? [] : [new ApiKeyAuthenticator(apiKey)]),
        ...(basic === undefined ? [] : [new BasicAuthenticator(basic, this.#passwords)]),
      ];
      this.#methods.set(auth, methods);
    }
    return methods;
  }

  #keysOf({ jwks, ca }: JwtConfig): RemoteKeys {
    const source = ca === undefined ? jwks : `${jwks} ${ca}`;
    let keys = this.#keys.get(source);
    if (keys === undefined) {
      keys = new RemoteKeys(signal => fetchKeys(jwks, ca, signal), new KeysLog(jwks, this.log));
      this.#keys.set(source, keys);
      if (this.#started) keys.start();
    }
    return keys;
  }

  #service(forward: NonNullable<AuthConfig['forward']>): AuthService {
    let service = this.#services.get(forward);
    if (service === undefined) {
      service = new AuthService(forward);
      this.#services.set(forward, service);
    }
    return service;
  }
}

/** The fields that tell a backend who sends a request. */
function identityFields({ jwt, forward }: AuthConfig): string[] {
  return [...(jwt?.forwardClaims.values() ?? []), ...(forward?.copyHeaders ?? [])];
}

function credentialFields({ jwt, apiKey, basic, forward }: AuthConfig): Set<string> {
  return new Set([
    ...((jwt ?? basic ?? forward) === undefined ? [] : ['authorization']),
    ...(apiKey === undefined ? [] : [apiKey.header]),
  ]);
}

/**
 * The credential fields that a backend gets after they have let a request pass. Credentials that only the auth service
 * understands are kept, because they may be meant for the backend as well.
 */
function keptFields(auth: AuthConfig): Set<string> {
  if (auth.forwardCredentials) return credentialFields(auth);
  const isForeign = auth.jwt === undefined && auth.basic === undefined && auth.forward !== undefined;
  return new Set(isForeign ? ['authorization'] : []);
}
