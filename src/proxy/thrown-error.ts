import { HttpException, Logger } from '@nestjs/common';
import { GatewayError } from '../http/gateway-error.js';
import { denial } from '../security/denial.js';

const logger = new Logger('Exchange');

/**
 * What a client gets for something that was thrown on the way to the dispatcher: a `GatewayError` is itself, an `HttpException` has its status;
 * anything else is logged and gives 500.
 */
export function thrownError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof HttpException) {
    return denial('guard', thrown.name, { status: thrown.getStatus(), detail: thrown.message });
  }
  logger.error(thrown);
  return new GatewayError('INTERNAL', 'The gateway could not handle the request.', String(thrown));
}
