import { GatewayError } from '../../http/gateway-error.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

const denied = new GatewayError(
  'DENIED',
  'Header fields with an underscore in their name are not taken.',
  undefined,
  400,
);

/**
 * Removes or refuses (400) fields with an underscore in their name: CGI, WSGI and PHP backends cannot tell `X_User` from `X-User`,
 * so a client could set what the gateway thinks that it alone sets.
 */
export class UnderscoreHeaders implements RequestPolicy {
  constructor(private readonly action: 'remove' | 'reject') {}

  check(request: PolicyContext): Verdict {
    const { rawHeaders } = request;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!;
      if (!name.includes('_')) continue;
      if (this.action === 'reject') return denied;
      request.setRequestHeader(name);
    }
    return undefined;
  }
}
