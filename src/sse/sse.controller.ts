import { All, Controller, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import { Dispatcher } from '../proxy/dispatcher.js';
import { ExchangeFilter } from '../proxy/exchange.filter.js';
import type { Exchange } from '../proxy/exchange.js';
import { handlerPaths } from '../proxy/gateway-adapter.js';
import { PolicyGuard } from '../security/policy.guard.js';

/**
 * Takes the requests that ask for an event stream by name (`Accept: text/event-stream`). From the dispatcher on, which keeps
 * `sse.maxConnections`, their way is that of those on HTTP/2.
 */
@Controller()
@UseFilters(ExchangeFilter)
export class SseController {
  constructor(private readonly dispatcher: Dispatcher) {}

  /** Exchanges with policies. */
  @All(handlerPaths.eventsPoliced)
  @UseGuards(PolicyGuard)
  policed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.open(request, reply);
  }

  /** Exchanges without. */
  @All(handlerPaths.events)
  open(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    // From here on the response is written to the raw message.
    reply.hijack();
    this.dispatcher.dispatch((request.raw as WithExchange<Exchange>)[EXCHANGE]!);
  }
}
