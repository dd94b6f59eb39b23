import { GatewayError } from '../../http/gateway-error.js';

/**
 * The error when the gateway cannot find out now who sends a request; the request is refused. `detail` is for the client,
 * `reason` for the log.
 */
function unavailable(detail: string, reason: string): GatewayError {
  return new GatewayError('AUTH_UNAVAILABLE', detail, reason, undefined, ['Retry-After', '1']);
}

/** The keys for tokens have not been fetched yet, or a token names one that cannot be fetched now. */
export const keysUnavailable = unavailable(
  'The token cannot be checked now: the keys are not available.',
  'the keys of the issuer are not available',
);

/** Too many passwords are already being checked. */
export const tooManyPasswords = unavailable(
  'Too many passwords are being checked; try again later.',
  'too many passwords are being checked',
);

/** There was not enough memory to check a password. */
export const passwordUncheckable = unavailable(
  'The password cannot be checked now; try again later.',
  'a password could not be hashed',
);

/** The auth service gave no answer. `reason` is for the log. */
export function authServiceFailed(reason: string): GatewayError {
  return unavailable('The request cannot be authenticated now; try again later.', `the auth service: ${reason}`);
}
