import type { Duplex } from 'node:stream';
import { GatewayError } from '../../http/gateway-error.js';
import { RequestBody } from '../client/request-body.js';
import { badHead, isFinalHead } from './final-head.js';
import { tooLate, type Phase } from './attempt-failure.js';
import type { Deadlines, Timed } from './deadlines.js';
import type { AttemptControl, AttemptObserver, ForwardRequest } from './forwarder.js';
import { networkError } from './network-error.js';

/** Milliseconds. */
interface TimedLimits {
  /** Until a connection must stand. */
  readonly connect: number;
  /** From the end of the request to the head of the response; 0 = no limit. */
  readonly response: number;
}

type Fields = readonly (Buffer | string)[];

/**
 * Stands between a forwarder of an application and an exchange: keeps the time limits of the attempt, and the order of what is told.
 *
 * ```
 * connecting ── sent ──→ sent ── head ──→ responding ── end ──→ over
 * any ── fail, abort, late, thrown, told in a wrong order ────→ over
 * sent ── upgraded ───────────────────────────────────────────→ over
 * ```
 */
export class TimedAttempt implements AttemptObserver, AttemptControl, Timed {
  deadline = 0;
  slot = -1;
  #phase: Phase = 'connecting';
  #over = false;
  /** It ended by the will of the gateway. */
  #givenUp = false;
  #wantedIdle: number | undefined;
  #control: AttemptControl | undefined;
  /** All of the request has been read by the forwarder. */
  #isSent: boolean;
  /** The client takes no more of the response for now. */
  #isPaused = false;
  #idleTimeout: number;

  constructor(
    request: ForwardRequest,
    private readonly observer: AttemptObserver,
    private readonly deadlines: Deadlines,
    private readonly limits: TimedLimits,
  ) {
    const { body, idleTimeout } = request;
    this.#idleTimeout = idleTimeout;
    this.#isSent = !(body instanceof RequestBody);
    if (body instanceof RequestBody) body.once('end', () => this.#bodyRead());
    this.#expect(limits.connect);
  }

  /** Begins. */
  carry(forward: () => AttemptControl): void {
    try {
      this.#control = forward();
    } catch (error) {
      this.#refuse(error);
    }
    // What was wished for before the reins were there.
    if (this.#wantedIdle !== undefined) this.#control?.setIdleTimeout(this.#wantedIdle);
    if (this.#givenUp) this.#control?.abort();
  }

  sent(at = performance.now()): void {
    if (this.#over || this.#phase !== 'connecting') return;
    this.#phase = 'sent';
    this.deadline = 0;
    this.observer.sent(at);
    if (this.#isSent && !this.#over) this.#expect(this.limits.response, at);
  }

  informational(status: number, headers: Fields): void {
    if (this.#over) return;
    this.sent();
    this.observer.informational(status, headers);
  }

  head(status: number, message: string, headers: Fields): void {
    if (this.#over) return;
    this.sent();
    if (this.#over) return;
    if (this.#phase === 'responding') return this.#refuse('told a second head');
    if (!isFinalHead(status, undefined)) return this.#giveUp(badHead(status, undefined, undefined));
    this.#phase = 'responding';
    this.#expect(this.#idleTimeout);
    this.observer.head(status, message, headers);
  }

  data(chunk: Buffer): boolean {
    if (this.#over) return true;
    if (this.#phase !== 'responding') {
      this.#refuse('told data before a head');
      return true;
    }
    const flows = this.observer.data(chunk);
    this.#isPaused = !flows;
    // A client that does not read is no fault of the backend.
    if (!this.#over) this.#expect(flows ? this.#idleTimeout : 0);
    return flows;
  }

  end(trailers: Fields | undefined): void {
    if (this.#over) return;
    if (this.#phase !== 'responding') return this.#refuse('told the end before a head');
    this.#finish();
    this.observer.end(trailers);
  }

  upgraded(headers: readonly string[], connection: Duplex, head: Buffer): void {
    if (this.#over) return void connection.on('error', () => {}).destroy();
    this.sent();
    this.#finish();
    this.observer.upgraded(headers, connection, head);
  }

  fail(error: GatewayError | Error, stale?: boolean, unsent?: boolean): void {
    if (this.#over) return;
    this.#finish();
    // A forwarder that is not written in TypeScript may tell the error of a socket as it is.
    this.observer.fail(error instanceof GatewayError ? error : networkError(error, this.#phase), stale, unsent);
  }

  late(): void {
    const { connect, response } = this.limits;
    const limits = { connecting: connect, sent: response, responding: this.#idleTimeout };
    this.#giveUp(tooLate(this.#phase, limits[this.#phase]));
  }

  resume(): void {
    if (this.#over) return;
    this.#isPaused = false;
    if (this.#phase === 'responding') this.#expect(this.#idleTimeout);
    this.#control?.resume();
  }

  setIdleTimeout(milliseconds: number): void {
    this.#idleTimeout = this.#wantedIdle = milliseconds;
    if (this.#over) return;
    if (this.#phase === 'responding' && !this.#isPaused) this.#expect(milliseconds);
    this.#control?.setIdleTimeout(milliseconds);
  }

  abort(): void {
    if (this.#over) return;
    this.#finish();
    this.#givenUp = true;
    this.#control?.abort();
  }

  #bodyRead(): void {
    this.#isSent = true;
    if (!this.#over && this.#phase === 'sent') this.#expect(this.limits.response);
  }

  /** The forwarder does not keep to its contract: that is no fault of the backend. */
  #refuse(error: unknown): void {
    const reason = `the forwarder ${error instanceof Error ? `threw: ${error.message}` : String(error)}`;
    this.#giveUp(new GatewayError('INTERNAL', 'The gateway could not handle the request.', reason));
  }

  #giveUp(error: GatewayError): void {
    if (this.#over) return;
    this.abort();
    this.observer.fail(error);
  }

  #expect(within: number, from = performance.now()): void {
    this.deadline = within === 0 ? 0 : from + within;
    if (within > 0) this.deadlines.watch(this);
  }

  #finish(): void {
    this.#over = true;
    this.deadline = 0;
    this.deadlines.forget(this);
  }
}
