import type { GatewayConfig } from './gateway.config.js';
import { holdsSecret } from './kinds/header.js';

/**
 * The header fields that carry credentials: those whose names say so (`Authorization`, `Cookie`, `X-Api-Key`, …), and those in which any
 * route takes API keys.
 */
export class CredentialFields {
  /** Fields for API keys, in lower case. */
  readonly apiKeys: ReadonlySet<string>;

  constructor({ security, routes }: GatewayConfig) {
    const blocks = [security.auth, ...routes.map(route => route.security?.auth)];
    this.apiKeys = new Set(blocks.flatMap(auth => auth?.apiKey?.header ?? []));
  }

  /** `name`: in lower case. */
  has(name: string): boolean {
    return holdsSecret(name) || this.apiKeys.has(name);
  }
}
