import { All, Controller, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import { PolicyGuard } from '../security/policy.guard.js';
import { Dispatcher } from './dispatcher.js';
import type { Exchange } from './exchange.js';
import { ExchangeFilter } from './exchange.filter.js';
import { handlerPaths } from './gateway-adapter.js';

/** Takes every request of the listeners: what the guard lets pass goes to the dispatcher. */
@Controller()
@UseFilters(ExchangeFilter)
export class ProxyController {
  constructor(private readonly dispatcher: Dispatcher) {}

  /** Exchanges with policies. */
  @All(handlerPaths.policed)
  @UseGuards(PolicyGuard)
  policed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.open(request, reply);
  }

  /** Exchanges without. */
  @All(handlerPaths.open)
  open(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    // From here on the response is written to the raw message.
    reply.hijack();
    this.dispatcher.dispatch((request.raw as WithExchange<Exchange>)[EXCHANGE]!);
  }
}
