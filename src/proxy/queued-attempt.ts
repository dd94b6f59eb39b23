import { ExchangeTrail } from '../http/exchange-trail.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { GatewayError } from '../http/gateway-error.js';
import type { ExchangeTrace } from '../tracing/exchange-trace.js';
import type { UnderWay } from './lasting/under-way.js';
import { queueFull } from './plan/refusals.js';
import type { ConnectionGate, GateWaiter } from './target/connection-gate.js';

/** What goes on when a place before a backend has come free, or will not. */
export interface Queued {
  readonly exchange: {
    underWay: UnderWay | undefined;
    trail?: ExchangeTrail | undefined;
    trace?: Pick<ExchangeTrace, 'note'> | undefined;
  };
  readonly route: {
    readonly target: {
      gate(backend: LiveBackend): Pick<ConnectionGate, 'giveUp'>;
      waited(milliseconds: number): void;
    };
  };
  /** The place is there. */
  nextOn(backend: LiveBackend, isSending: boolean): void;
  /** No place has come free in time. */
  turnedAway(at: LiveBackend, error: GatewayError): void;
  /** The backend has been taken out: another one is to be picked. */
  next(): void;
}

/** An attempt that waits before the gate of a backend. */
export class QueuedAttempt implements GateWaiter, UnderWay {
  readonly #since = performance.now();

  constructor(
    private readonly delivery: Queued,
    private readonly backend: LiveBackend,
    readonly isSending: boolean,
  ) {
    this.#trail.isQueued = true;
  }

  entered(): void {
    this.#leave('entered');
    this.delivery.nextOn(this.backend, this.isSending);
  }

  refused(reason: string, timeout?: string): void {
    this.#leave(reason);
    this.#trail.isQueued = true;
    this.delivery.turnedAway(this.backend, queueFull(reason, timeout));
  }

  sentAway(): void {
    this.#leave('sent away');
    this.delivery.next();
  }

  giveUp(): void {
    this.#waited('given up');
    this.delivery.route.target.gate(this.backend).giveUp(this);
  }

  #leave(outcome: string): void {
    this.delivery.exchange.underWay = undefined;
    this.#trail.isQueued = false;
    this.#waited(outcome);
  }

  #waited(outcome: string): void {
    const time = performance.now() - this.#since;
    this.#trail.queued += time;
    this.delivery.route.target.waited(time);
    this.delivery.exchange.trace?.note('queue', { backend: this.backend.id, wait_ms: time, outcome });
  }

  get #trail(): ExchangeTrail {
    return (this.delivery.exchange.trail ??= new ExchangeTrail());
  }
}
