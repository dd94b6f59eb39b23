import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { PINO } from '../logging/logging.module.js';
import type { CircuitState } from './circuit-breaker.js';
import { CircuitBreakers } from './circuit-breakers.js';

const messages: Readonly<Record<CircuitState, string>> = {
  open: 'circuit opened',
  'half-open': 'circuit is half-open',
  closed: 'circuit closed',
};

/** Writes a log line for each change of a circuit: a warning when one opens. Fields: upstream, backend, from, to, reason. */
@Injectable()
export class CircuitLog {
  constructor(breakers: CircuitBreakers, @Inject(PINO) pino: Logger) {
    breakers.events.subscribe(({ upstream, backend, from, to, reason, isFollowed }) => {
      if (isFollowed === true) return;
      pino[to === 'open' ? 'warn' : 'info']({ upstream, backend, from, to, reason }, messages[to]);
    });
  }
}
