import { isUnusualName } from '../../fields/fold-name.js';
import { denial } from '../denial.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

const denied = denial('underscore-headers', '', {
  status: 400,
  detail: 'Header fields are taken only if their names consist of letters, digits and dashes.',
});

/**
 * Removes or refuses (400) fields with an underscore in their name, or with another character that some servers treat as one:
 * CGI, WSGI and PHP backends cannot distinguish `X_User` from `X-User`, nor PHP `X.User`, so a client could set fields that
 * only the gateway should set. Such trailers are never passed on.
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
