import { GatewayError } from '../../http/gateway-error.js';

/** It cannot be found out now who sends a request; nobody is let in for that. `detail` is for the client, `reason` for the log. */
function unavailable(detail: string, reason: string): GatewayError {
  return new GatewayError('AUTH_UNAVAILABLE', detail, reason, undefined, ['Retry-After', '1']);
}

/** The keys for tokens have not been fetched yet, or a token names one that cannot be fetched now. */
export const keysUnavailable = unavailable(
  'The token cannot be checked now: the keys are not available.',
  'the keys of the issuer are not available',
);

/** More passwords are being checked than may be. */
export const tooManyPasswords = unavailable(
  'Too many passwords are being checked; try again later.',
  'too many passwords are being checked',
);

/** There was no memory to check a password in. */
export const passwordUncheckable = unavailable(
  'The password cannot be checked now; try again later.',
  'a password could not be hashed',
);

/** The service that is asked about requests gave no answer. `reason` is for the log. */
export function authServiceFailed(reason: string): GatewayError {
  return unavailable('The request cannot be authenticated now; try again later.', `the auth service: ${reason}`);
}
