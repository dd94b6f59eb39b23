import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AuthConfig } from '../../config/file/auth.config.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import type { LivePart, Transition } from '../../config/live/transition.js';
import { PINO } from '../../logging/logging.module.js';
import type { PolicyScope, PolicySource, StagedPolicy } from '../policy-source.js';
import type { RequestPolicy } from '../policy.js';
import { Authentication } from './authentication.js';
import { Authenticators } from './authenticators.js';
import { BackendFields, forbiddenElsewhere } from './backend-fields.js';
import { ForgedFields } from './forged-fields.js';
import { ForwardAuthenticator } from './forward/forward-authenticator.js';

/** The policies of `security.auth`. Routes and configurations with the same block share its keys, connections and caches. */
@Injectable()
export class AuthPolicies implements PolicySource, LivePart, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #authenticators: Authenticators;
  readonly #elsewhere = new WeakMap<GatewayConfig, readonly string[]>();

  constructor(@Inject(PINO) log: Logger) {
    this.#authenticators = new Authenticators(log);
  }

  /** Starts to fetch keys. */
  onApplicationBootstrap(): void {
    this.#authenticators.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#authenticators.end();
  }

  /**
   * Keys and auth services that only the last configuration uses are retired when the next takes effect. Keys that only the next one uses are fetched
   * as soon as its policies are made.
   */
  prepare(transition: Transition): void {
    const { from, to } = transition;
    if (from === to) return;
    transition.onCommit(() => this.#authenticators.retire(from));
    transition.onDiscard(() => this.#authenticators.discard(to));
  }

  policies(security: EffectiveSecurity, scope: PolicyScope): readonly StagedPolicy[] {
    const policy = this.#policy(security, scope);
    if (policy === undefined) return [];
    const { auth } = security;
    return [
      { stage: 'authentication', policy, name: 'auth', origin: auth, ownRouteOnly: policy instanceof ForgedFields },
    ];
  }

  #policy({ auth, validation }: EffectiveSecurity, { config, path, route }: PolicyScope): RequestPolicy | undefined {
    const elsewhere = this.#elsewhereIn(config);
    if (auth === undefined || auth.mode === 'off') {
      if (elsewhere.length === 0) return undefined;
      return new ForgedFields(new BackendFields(new Set(elsewhere), new Set(), new Set()));
    }
    const identity = new Set([...elsewhere, ...identityFields(auth)]);
    // Controllers of an application keep their policies in all configurations.
    const holder = route === undefined ? this : config;
    const methods = this.#authenticators.of(auth, holder);
    const { forward } = auth;
    if (forward !== undefined) {
      const service = this.#authenticators.service(forward, holder);
      methods.push(new ForwardAuthenticator(forward, service, validation.path, identity));
    }
    // A block that was made by hand and is empty must not leave the route open.
    if (methods.length === 0) throw new Error(`${path}.auth: no method is given, and mode is not off`);
    return new Authentication(
      methods,
      auth.mode,
      new BackendFields(identity, credentialFields(auth), keptFields(auth)),
      auth.forwardUser,
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
}

/** The fields that tell a backend who sends a request. */
function identityFields({ jwt, forward, forwardUser }: AuthConfig): string[] {
  return [
    ...(jwt?.forwardClaims.values() ?? []),
    ...(forward?.copyHeaders ?? []),
    ...(forwardUser === undefined ? [] : [forwardUser]),
  ];
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
