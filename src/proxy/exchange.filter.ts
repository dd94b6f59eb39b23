import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import { Denied } from '../security/policy.guard.js';
import type { Exchange } from './exchange.js';
import { thrownError } from './thrown-error.js';

/**
 * Ends an exchange for which something was thrown on its way to the dispatcher: a guard's denial becomes its problem
 * document, an `HttpException` of somebody's own guard one with its status; anything else is logged and answered with 500.
 */
@Catch()
export class ExchangeFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const exchange = (http.getRequest<FastifyRequest>().raw as WithExchange<Exchange>)[EXCHANGE];
    if (exchange === undefined) throw thrown;
    const reply = http.getResponse<FastifyReply>();
    if (!reply.sent) reply.hijack();
    if (thrown instanceof Denied) exchange.settle(thrown.verdict);
    else exchange.fail(thrownError(thrown));
  }
}
