import { Controller, UseGuards } from '@nestjs/common';
import { ExchangeGuard } from '../security/exchange.guard.js';
import { Dispatcher } from './dispatcher.js';
import type { ExchangeController } from './entrance.js';
import type { OfExchange } from './exchange-request.js';

/** Takes the requests of the listeners, over HTTP/1.1 and HTTP/2. It has no path, because the gateway's own table finds the route. */
@Controller()
@UseGuards(ExchangeGuard)
export class ProxyController implements ExchangeController {
  constructor(private readonly dispatcher: Dispatcher) {}

  handle({ exchange }: OfExchange): Promise<void> | undefined {
    this.dispatcher.dispatch(exchange);
    return exchange.response?.over;
  }
}
