import type { Duplex } from 'node:stream';
import { GatewayError } from '../../http/gateway-error.js';
import { owned, type Loan } from '../../http/loan.js';
import { problemResponse } from '../../http/problem.js';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { Responder } from '../client/responder.js';
import type { HeldResponse } from './held-response.js';
import type { RouteTransforms } from './route-transforms.js';
import type { TransformedExchange } from './transformer.js';

/** What the responder needs of its exchange. */
export interface AnsweredExchange extends TransformedExchange {
  status: number;
  bytesOut: number;
  readonly error: GatewayError | undefined;
  fail(error: GatewayError): void;
}

/**
 * Stands before the responder of an exchange whose route has transformers. What comes from a backend (`head`, `write`, `end`, `switchProtocols`) goes through them, what the gateway
 * answers itself (`send`) passes by. A response whose body is transformed is held whole.
 */
export class TransformingResponder implements Responder {
  #held: HeldResponse | undefined;

  constructor(
    private readonly inner: Responder & { readonly ended?: boolean },
    private readonly exchange: AnsweredExchange,
    private readonly transforms: RouteTransforms,
  ) {}

  /** A held response is under way as well: no other attempt may follow it. */
  get headSent(): boolean {
    return this.#held !== undefined || this.inner.headSent;
  }

  get withholdsContinue(): boolean {
    return this.inner.withholdsContinue === true;
  }

  get length(): number {
    return this.inner.length;
  }

  get unsent(): number {
    return this.inner.unsent ?? 0;
  }

  /** Of HTTP/2: all of the answer was written. */
  get ended(): boolean {
    return this.inner.ended === true;
  }

  get source(): Responder['source'] {
    return this.inner.source;
  }

  set source(source: Responder['source']) {
    this.inner.source = source;
  }

  informational(status: number, headers: RawHeaders): void {
    this.inner.informational(status, headers);
  }

  head(status: number, message: string, headers: RawHeaders): void {
    const { exchange } = this;
    const answer = this.transforms.response(exchange, status, headers);
    if (answer instanceof GatewayError) return exchange.fail(answer);
    if (typeof answer !== 'number') {
      this.#held = answer;
      exchange.status = answer.status;
      return;
    }
    exchange.status = answer;
    this.inner.head(answer, answer === status ? message : '', headers);
  }

  flush(): void {
    if (this.#held === undefined) this.inner.flush();
  }

  write(chunk: Buffer, loan?: Loan): boolean {
    const held = this.#held;
    // Its exchange has failed at the head.
    if (this.exchange.error !== undefined) return true;
    if (held === undefined) return this.inner.write(chunk, loan);
    // It counts when it is sent, as another one.
    this.exchange.bytesOut -= chunk.length;
    const excess = held.add(owned(chunk, loan));
    if (excess !== undefined) this.#fail(excess);
    return true;
  }

  end(trailers?: RawHeaders): void {
    if (this.exchange.error !== undefined) return;
    if (this.#held === undefined) this.inner.end(trailers);
    else void this.#send(this.#held);
  }

  switchProtocols(protocol: string, headers: RawHeaders): Duplex | undefined {
    const answer = this.transforms.response(this.exchange, 101, headers);
    if (!(answer instanceof GatewayError)) return this.inner.switchProtocols(protocol, headers);
    this.exchange.fail(answer);
    return undefined;
  }

  send(status: number, headers: RawHeaders, body: string | Buffer): void {
    this.#held = undefined;
    this.inner.send(status, headers, body);
  }

  abort(): void {
    const { error } = this.exchange;
    const isHeld = this.#held !== undefined && !this.inner.headSent;
    this.#held = undefined;
    if (!isHeld || error === undefined || error.code === 'CLIENT_ABORTED') return this.inner.abort();
    // The client has seen nothing of it: it can be told, and need not see a break.
    const { status, headers, body } = problemResponse(
      error.status === 0 ? error.with(502, []) : error,
      this.exchange.id,
    );
    this.exchange.status = status;
    this.inner.send(status, headers, body);
  }

  async #send(held: HeldResponse): Promise<void> {
    const body = await held.transformed();
    // The client has left, or the gateway has ended it.
    if (this.#held !== held || this.exchange.error !== undefined) return;
    if (body instanceof GatewayError) return this.#fail(body);
    this.#held = undefined;
    this.exchange.bytesOut = body.length;
    this.inner.send(held.status, held.headers, body);
  }

  #fail(error: GatewayError): void {
    this.#held = undefined;
    this.exchange.fail(error);
  }
}
