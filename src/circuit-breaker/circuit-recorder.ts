import { Injectable } from '@nestjs/common';
import { CircuitMetrics, type CircuitReading } from '../metrics/circuit-metrics.js';
import { CircuitBreakers } from './circuit-breakers.js';

/** Feeds the metrics with the states of the circuits and their changes. */
@Injectable()
export class CircuitRecorder {
  constructor(breakers: CircuitBreakers, metrics: CircuitMetrics) {
    const readings = function* (): Iterable<CircuitReading> {
      for (const { upstream, backend, breaker } of breakers) {
        yield { upstream, backend: backend.id, state: breaker.state };
      }
    };
    const remove = metrics.addCircuits(readings);
    breakers.events.subscribe({
      next: ({ upstream, backend, to, isFollowed }) => {
        if (isFollowed !== true) metrics.changed(upstream, backend, to);
      },
      complete: remove,
    });
  }
}
