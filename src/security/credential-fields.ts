import type { GatewayConfig } from '../config/file/gateway.config.js';
import { holdsSecret } from '../config/language/kinds/header.js';
import { foldName } from '../fields/fold-name.js';

/**
 * The header fields that carry credentials: fields whose names say so (`Authorization`, `Cookie`, `X-Api-Key`, …),
 * `Sec-WebSocket-Protocol` (browsers cannot set other fields for a WebSocket), `X-Gateway-Explain` (the admin token), the fields of API keys of any route, and
 * spellings that some servers read as one of these: `X_Key` for `X-Key`.
 */
export class CredentialFields {
  /** Fields for API keys, in lower case. */
  readonly apiKeys: ReadonlySet<string>;
  readonly #folded: ReadonlySet<string>;

  constructor({ security, routes }: GatewayConfig) {
    const blocks = [security.auth, ...routes.map(route => route.security?.auth)];
    this.apiKeys = new Set(blocks.flatMap(auth => auth?.apiKey?.header ?? []));
    this.#folded = new Set(['sec-websocket-protocol', 'x-gateway-explain', ...[...this.apiKeys].map(foldName)]);
  }

  /** `name`: in any case. */
  has(name: string): boolean {
    const folded = foldName(name);
    return holdsSecret(folded) || this.#folded.has(folded);
  }
}
