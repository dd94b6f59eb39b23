import { isUnusualName } from '../../fields/fold-name.js';
import { GatewayError } from '../../http/gateway-error.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

const denied = new GatewayError(
  'DENIED',
  'Header fields are taken only if their names consist of letters, digits and dashes.',
  undefined,
  400,
);

/**
 * Removes or refuses (400) fields with an underscore in their name, or with another character that some servers take for one: CGI,
 * WSGI and PHP backends cannot tell `X_User`, nor PHP `X.User`, from `X-User`, so a client could set what the gateway thinks that it
 * alone sets. As trailers they are not passed on.
 */
export class UnderscoreHeaders implements RequestPolicy {
  constructor(private readonly action: 'remove' | 'reject') {}

  check(request: PolicyContext): Verdict {
    const { rawHeaders } = request;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!;
      if (!isUnusualName(name.toLowerCase())) continue;
      if (this.action === 'reject') return denied;
      request.setRequestHeader(name);
    }
    return undefined;
  }
}
