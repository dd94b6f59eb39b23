import type { GatewayError } from '../http/gateway-error.js';
import { removeFields } from '../http/request-head.js';
import { responseFields, trailerFields } from '../http/response-head.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { Outcome } from '../upstream/backend.js';
import type { Exchange, UnderWay } from './exchange.js';
import type { AttemptControl, AttemptObserver } from './forwarder.js';
import type { Target } from './target.js';

/** Responses without a body must not have it (RFC 9110 §8.6). */
const lengthField: ReadonlySet<string> = new Set(['content-length']);

/**
 * One try of an exchange on one backend: carries what the forwarder tells over to the client's side, and settles
 * exactly once, whatever comes first: the end, an error, or the client's leaving.
 */
export class Attempt implements AttemptObserver, UnderWay {
  #control: AttemptControl | undefined;
  #settled = false;
  #sentAt = 0;
  #firstByte: number | undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly target: Target,
    private readonly backend: LiveBackend,
  ) {}

  /** Takes the reins that the forwarder gave; the exchange gives the attempt up through them. */
  drive(control: AttemptControl): void {
    this.#control = control;
    if (!this.#settled) this.exchange.underWay = this;
  }

  giveUp(): void {
    this.#control?.abort();
    this.#settle('ignored');
  }

  resume(): void {
    this.#control?.resume();
  }

  sent(): void {
    this.#sentAt = this.exchange.sentAt = performance.now();
  }

  informational(status: number, headers: readonly (Buffer | string)[]): void {
    const fields = responseFields(headers);
    removeFields(fields, lengthField);
    this.exchange.responder.informational(status, fields);
  }

  head(status: number, message: string, raw: readonly (Buffer | string)[]): void {
    const { exchange } = this;
    exchange.respondedAt = performance.now();
    this.#firstByte = exchange.respondedAt - this.#sentAt;
    exchange.status = status;
    const headers = responseFields(raw);
    if (status === 204) removeFields(headers, lengthField);
    const cookie = this.target.balancer.cookieFor(this.backend, exchange, exchange.listenerInfo.scheme === 'https');
    if (cookie !== undefined) headers.push('Set-Cookie', cookie);
    exchange.plan?.responseRules?.apply(headers);
    exchange.responder.source = this;
    exchange.responder.head(status, message, headers);
  }

  data(chunk: Buffer): boolean {
    this.exchange.bytesOut += chunk.length;
    return this.exchange.responder.write(chunk);
  }

  end(trailers: readonly (Buffer | string)[] | undefined): void {
    this.#settle('success');
    this.exchange.responder.end(trailers === undefined || trailers.length === 0 ? undefined : trailerFields(trailers));
  }

  fail(error: GatewayError): void {
    this.#settle(error.source === 'backend' ? 'failure' : 'ignored');
    this.exchange.fail(error);
  }

  #settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.exchange.underWay = undefined;
    this.target.settle(this.backend, outcome, this.#firstByte);
  }
}
