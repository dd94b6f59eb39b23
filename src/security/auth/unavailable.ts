import { GatewayError } from '../../http/gateway-error.js';

const retrySoon = ['Retry-After', '1'];

/** The keys for tokens have not been fetched yet, or a token names one that cannot be fetched now. */
export const keysUnavailable = new GatewayError(
  'DENIED',
  'The token cannot be checked now: the keys are not available.',
  'the keys of the issuer are not available',
  503,
  retrySoon,
);

/** More passwords are being checked than may be. */
export const tooManyPasswords = new GatewayError(
  'QUEUE_FULL',
  'Too many passwords are being checked; try again later.',
  'too many passwords are being checked',
  503,
  retrySoon,
);

/** The service that is asked about requests gave no answer. `reason` is for the log. */
export function authServiceFailed(reason: string): GatewayError {
  return new GatewayError(
    'INTERNAL',
    'The request cannot be authenticated now; try again later.',
    `the auth service: ${reason}`,
    503,
    retrySoon,
  );
}
