import { GatewayError } from '../../http/gateway-error.js';
import type { PolicyKind } from '../denial.js';

/**
 * The error when the gateway cannot find out now who sends a request; the request is refused. `detail` is for the client,
 * `reason` for the log.
 */
function unavailable(policy: PolicyKind, detail: string, reason: string, timeout?: string): GatewayError {
  const headers = ['Retry-After', '1'];
  return new GatewayError('AUTH_UNAVAILABLE', detail, reason, undefined, headers, undefined, { policy, timeout });
}

/** The keys for tokens have not been fetched yet, or a token names one that cannot be fetched now. */
export const keysUnavailable = unavailable(
  'jwt',
  'The token cannot be checked now: the keys are not available.',
  'the keys of the issuer are not available',
);

/** Too many passwords are already being checked. */
export const tooManyPasswords = unavailable(
  'basic',
  'Too many passwords are being checked; try again later.',
  'too many passwords are being checked',
);

/** There was not enough memory to check a password. */
export const passwordUncheckable = unavailable(
  'basic',
  'The password cannot be checked now; try again later.',
  'a password could not be hashed',
);

/** The auth service gave no answer. `reason` and `timeout`, the limit that was over, are for the log. */
export function authServiceFailed(reason: string, timeout?: string): GatewayError {
  const detail = 'The request cannot be authenticated now; try again later.';
  return unavailable('forward', detail, `the auth service: ${reason}`, timeout);
}
