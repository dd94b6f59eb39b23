import type { LiveBackend } from '../upstream/live-backend.js';
import type { GatewayError } from '../http/gateway-error.js';
import type { UnderWay } from './lasting/under-way.js';
import { queueFull } from './plan/refusals.js';
import type { ConnectionGate, GateWaiter } from './target/connection-gate.js';

/** What goes on when a place before a backend has come free, or will not. */
export interface Queued {
  readonly exchange: { underWay: UnderWay | undefined };
  readonly route: { readonly target: { gate(backend: LiveBackend): Pick<ConnectionGate, 'giveUp'> } };
  /** The place is there. */
  nextOn(backend: LiveBackend, isSending: boolean): void;
  /** No place has come free in time. */
  turnedAway(at: LiveBackend, error: GatewayError): void;
  /** The backend has been taken out: another one is to be picked. */
  next(): void;
}

/** An attempt that waits before the gate of a backend. */
export class QueuedAttempt implements GateWaiter, UnderWay {
  constructor(
    private readonly delivery: Queued,
    private readonly backend: LiveBackend,
    readonly isSending: boolean,
  ) {}

  entered(): void {
    this.delivery.exchange.underWay = undefined;
    this.delivery.nextOn(this.backend, this.isSending);
  }

  refused(reason: string, timeout?: string): void {
    this.delivery.exchange.underWay = undefined;
    this.delivery.turnedAway(this.backend, queueFull(reason, timeout));
  }

  sentAway(): void {
    this.delivery.exchange.underWay = undefined;
    this.delivery.next();
  }

  giveUp(): void {
    this.delivery.route.target.gate(this.backend).giveUp(this);
  }
}
