import { errors } from 'jose';
import type { GatewayError } from '../../../http/gateway-error.js';
import { CannotTell, Refused } from '../decision.js';
import { KeysUnasked, KeysUnavailable } from './remote-keys.js';
import { keysUnavailable } from '../unavailable.js';

/** RFC 6750 §3.1: an invalid token has the error `invalid_token`. The description says only what the client can see itself. */
function refused(reason: string, detail = 'The token is not valid here.', description?: string): Refused {
  const more = description === undefined ? '' : `, error_description="${description}"`;
  return new Refused(detail, `jwt ${reason}`, `Bearer error="invalid_token"${more}`);
}

const keysUnasked = new CannotTell('would ask the issuer for its keys');
const expired = refused('expired', 'The token has expired.', 'the token has expired');
const signature = refused('wrong signature');
const algorithm = refused('algorithm not allowed');
const unknownKey = refused('unknown key');
const unusableKey = refused('the key of the issuer cannot be used');
const issuer = refused('wrong issuer');
const audience = refused('wrong audience');
const notYet = refused('not valid yet');
const claims = refused('a claim is missing or wrong');

/** A token that is too long to be read. */
export const tooLong = refused('too long');
/** A text that is no token. */
export const malformed = refused('malformed');

/** The refusal for an error in the check of a token. An unknown error counts as an invalid token. */
export function refusalOf(error: unknown): Refused | GatewayError {
  if (error instanceof KeysUnasked) return keysUnasked;
  if (error instanceof KeysUnavailable) return keysUnavailable;
  if (error instanceof errors.JWTExpired) return expired;
  if (error instanceof errors.JWTClaimValidationFailed) return ofClaim(error.claim);
  if (error instanceof errors.JOSEAlgNotAllowed) return algorithm;
  if (error instanceof errors.JWKSNoMatchingKey) return unknownKey;
  if (error instanceof errors.JWSSignatureVerificationFailed) return signature;
  return error instanceof errors.JOSEError ? malformed : unusableKey;
}

function ofClaim(claim: string): Refused {
  if (claim === 'iss') return issuer;
  if (claim === 'aud') return audience;
  return claim === 'nbf' ? notYet : claims;
}
