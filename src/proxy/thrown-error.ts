import { HttpException, Logger } from '@nestjs/common';
import { GatewayError } from '../http/gateway-error.js';

const logger = new Logger('Exchange');

/** What a client gets for something that was thrown on the way to the dispatcher: an `HttpException` has its status; anything else is logged and gives 500. */
export function thrownError(thrown: unknown): GatewayError {
  if (thrown instanceof HttpException) return new GatewayError('DENIED', thrown.message, undefined, thrown.getStatus());
  logger.error(thrown);
  return new GatewayError('INTERNAL', 'The gateway could not handle the request.', String(thrown));
}
