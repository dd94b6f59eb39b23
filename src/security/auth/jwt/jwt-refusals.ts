import { errors } from 'jose';
import type { GatewayError } from '../../../http/gateway-error.js';
import { Refused } from '../decision.js';
import { KeysUnavailable } from './remote-keys.js';
import { keysUnavailable } from '../unavailable.js';

/** RFC 6750 §3.1: what is wrong with a token is `invalid_token`. The description says no more than the client can see itself. */
function refused(reason: string, detail = 'The token is not valid here.', description?: string): Refused {
  const more = description === undefined ? '' : `, error_description="${description}"`;
  return new Refused(detail, `token: ${reason}`, `Bearer error="invalid_token"${more}`);
}

const expired = refused('expired', 'The token has expired.', 'the token has expired');
const signature = refused('wrong signature');
const algorithm = refused('algorithm not allowed');
const unknownKey = refused('unknown key');
const unusableKey = refused('the key of the issuer cannot be used');
const issuer = refused('wrong issuer');
const audience = refused('wrong audience');
const notYet = refused('not valid yet');
const claims = refused('a claim is missing or wrong');

/** What is not even looked at. */
export const tooLong = refused('too long');
/** What is no token. */
export const malformed = refused('malformed');

/** What a failure of checking a token means. Everything that is not known counts against the token, never for it. */
export function refusalOf(error: unknown): Refused | GatewayError {
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
