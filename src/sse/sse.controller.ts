import { Controller, UseGuards } from '@nestjs/common';
import { Dispatcher } from '../proxy/dispatcher.js';
import type { ExchangeController } from '../proxy/entrance.js';
import type { OfExchange } from '../proxy/exchange-request.js';
import { tooManyStreams } from '../proxy/plan/refusals.js';
import { ExchangeGuard } from '../security/exchange.guard.js';

/**
 * Takes the requests that ask for an event stream by name (`Accept: text/event-stream`), over HTTP/1.1 and HTTP/2: each needs a place
 * among the streams of its route (`sse.maxConnections`) before a backend is asked.
 */
@Controller()
@UseGuards(ExchangeGuard)
export class SseController implements ExchangeController {
  constructor(private readonly dispatcher: Dispatcher) {}

  handle({ exchange }: OfExchange): Promise<void> | undefined {
    const { plan } = exchange;
    const needsPlace = plan?.action.kind === 'forward' && !exchange.isDecided;
    if (needsPlace && !exchange.takePlace(plan.sse.places)) exchange.fail(tooManyStreams);
    else this.dispatcher.dispatch(exchange);
    return exchange.response?.over;
  }
}
