import { HttpException } from '@nestjs/common';
import { GatewayError } from '../http/gateway-error.js';

/**
 * The verdict that a policy, or a guard, has thrown in place of returning it: a `GatewayError` is itself, an `HttpException` a denial with its
 * status and message. Undefined for all else, which is a fault.
 */
export function thrownVerdict(thrown: unknown): GatewayError | undefined {
  if (thrown instanceof GatewayError) return thrown;
  if (!(thrown instanceof HttpException)) return undefined;
  return new GatewayError('DENIED', thrown.message, undefined, thrown.getStatus());
}
