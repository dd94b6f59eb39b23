import type { CircuitBreaker, Ticket } from '../circuit-breaker/circuit-breaker.js';
import type { Duplex } from 'node:stream';
import { isEventStream } from '../http/event-stream-type.js';
import { GatewayError } from '../http/gateway-error.js';
import type { Loan } from '../http/loan.js';
import { RawHeaders } from '../fields/raw-headers.js';
import { responseFields } from '../http/response-head.js';
import type { AttemptTrace } from '../tracing/exchange-trace.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { VerdictRules, type BreakerVerdict } from './target/backend-verdict.js';
import { Doubts, isDoubtful } from './doubts.js';
import type { BodyWatcher } from './client/client-body.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { EventStream, StreamSource } from './lasting/event-streams.js';
import type { Exchange } from './exchange.js';
import type { UnderWay } from './lasting/under-way.js';
import type { AttemptControl, AttemptObserver } from './forwarder/forwarder.js';
import type { Race } from './race.js';
import type { ForwardRoute } from './plan/forward-route.js';
import { mayHaveClosedEarly } from './target/early-close.js';
import type { HeldPlace } from './target/target.js';
import { UnreadAnswer } from './unread-answer.js';
import type { TunnelOver } from './lasting/upgrade.js';

/** Bytes of a dropped answer that are read, to keep its connection, and milliseconds in which it must have ended. */
const [maxDropped, droppedWithin] = [64 * 1024, 100];

/**
 * One try of an exchange on one backend: carries what the forwarder reports over to the client's side, and settles
 * exactly once, on the first of these: the end of the answer, an error, or the client's leaving.
 */
export class Attempt implements AttemptObserver, BodyWatcher, StreamSource, UnderWay, TunnelOver {
  #control: AttemptControl | undefined;
  #settled = false;
  #sentAt = 0;
  #firstByte: number | undefined;
  #status = 0;
  /** Bytes of an answer that the client does not get; -1: it gets it. */
  #dropped = -1;
  #cut: NodeJS.Timeout | undefined;
  #tunnel: UnderWay | undefined;
  #held: HeldPlace = 'whole';
  /** The event stream that the answer belongs to. */
  #stream: EventStream | undefined;
  /** What was wished for before the reins were there. */
  #idleTimeout: number | undefined;
  #left = false;
  #unread: UnreadAnswer | undefined;
  readonly exchange: Exchange;
  readonly route: ForwardRoute;

  constructor(
    readonly owner: AttemptOwner,
    readonly backend: LiveBackend,
    private readonly breaker: CircuitBreaker,
    /** The entry into the breaker; 0: none, or it is settled. */
    private ticket: Ticket,
    /** Set while another attempt of the exchange may be under way too. */
    readonly race: Race<Attempt> | undefined,
    private readonly trace: AttemptTrace | undefined,
  ) {
    this.exchange = owner.exchange;
    this.route = owner.route;
  }

  /** Takes the reins that the forwarder gave; the exchange gives the attempt up through them. */
  drive(control: AttemptControl): void {
    this.#control = control;
    if (this.#idleTimeout !== undefined) control.setIdleTimeout(this.#idleTimeout);
    if (this.#left) return control.abort();
    if (!this.#settled) this.exchange.underWay = this.race ?? this;
  }

  giveUp(): void {
    this.#control?.abort();
    this.#tunnel?.giveUp();
    this.#abandoned();
  }

  judge(): void {
    this.#settleBreaker(this.#verdict());
  }

  drop(): void {
    this.#succeeded();
    this.#dropped = 0;
    const { body } = this.exchange;
    // It would go on reading the body that the next attempt needs.
    if (body !== undefined && body.whole === undefined) this.#control?.abort();
    else this.#cut = setTimeout(() => this.#control?.abort(), droppedWithin).unref();
  }

  outlast(): void {
    this.#settleBreaker(this.#verdict());
    const { upgrade, wantsEvents } = this.exchange;
    if (upgrade === undefined && !wantsEvents) return;
    this.bodyEnded();
    this.#held = 'lasting';
    this.route.target.gate(this.backend).outlast();
  }

  /** It has entered while its client is still sending. */
  beginSending(): void {
    this.#held = 'sending';
    this.exchange.body!.watcher = this;
  }

  get isPressed(): boolean {
    return this.#held === 'sending' && this.route.target.gate(this.backend).isShortOfSending;
  }

  bodyEnded(): void {
    if (this.#settled || this.#held !== 'sending') return;
    this.#held = 'whole';
    this.route.target.gate(this.backend).sent();
  }

  resume(): void {
    this.#unread?.drained();
    this.goOn();
  }

  goOn(): void {
    this.#control?.resume();
  }

  setIdleTimeout(milliseconds: number): void {
    this.#idleTimeout = milliseconds;
    this.#control?.setIdleTimeout(milliseconds);
  }

  leave(): void {
    this.#left = true;
    this.#dropped = 0;
    this.#control?.abort();
    this.#succeeded();
  }

  decline(error: GatewayError): void {
    this.drop();
    this.owner.failed(this.backend, error, false);
  }

  breakOff(error: GatewayError): void {
    this.#control?.abort();
    this.fail(error);
  }

  sent(at = performance.now()): void {
    this.#sentAt = at;
    this.trace?.sent(at);
    if (this.exchange.stream === undefined) this.exchange.times.sentAt = this.#sentAt;
    this.exchange.body?.begin();
  }

  informational(status: number, headers: readonly (Buffer | string)[]): void {
    // While two attempts are under way, this one may be the loser: the client must not get interim responses of both.
    if (this.race !== undefined && this.race.running.length > 1) return;
    const fields = responseFields(headers);
    RawHeaders.remove(fields, 'content-length');
    this.exchange.responder.informational(status, fields);
  }

  head(status: number, message: string, raw: readonly (Buffer | string)[]): void {
    const { exchange } = this;
    const now = performance.now();
    this.#firstByte = this.#waited(now);
    this.#status = status;
    this.trace?.answered(now);
    // Others must not be kept out for as long as it takes to carry the answer over.
    if (this.breaker.state === 'half-open') {
      const { kind, outcome } = this.#verdict();
      this.ticket = this.breaker.begun(this.ticket, outcome, kind);
    }
    exchange.doubts?.blame();
    if (exchange.stream !== undefined) {
      this.#stream = exchange.stream;
      return this.#stream.rejoin(this, status, responseFields(raw));
    }
    if (status >= 400 && this.owner.declines(this, status)) return;
    // 11
    this.#win(now);
    exchange.status = status;
    const headers = responseFields(raw);
    // RFC 9110 §8.6
    if (status === 204) RawHeaders.remove(headers, 'content-length');
    const streams = isEventStream(headers);
    if (streams) this.outlast();
    this.#edit(headers);
    exchange.responder.source = this;
    exchange.responder.head(status, message, headers);
    if (streams && status < 300 && status !== 204 && status !== 205 && exchange.method !== 'HEAD') {
      this.owner.streams.open(exchange, this, this.owner, headers);
      this.#stream = exchange.stream;
    }
  }

  get takesLoans(): boolean {
    return true;
  }

  data(chunk: Buffer, loan?: Loan): boolean {
    if (this.#dropped >= 0) {
      this.#dropped += chunk.length;
      if (this.#dropped > maxDropped) this.#control?.abort();
      return true;
    }
    if (this.#stream !== undefined) return this.#stream.data(chunk, loan);
    this.exchange.bytesOut += chunk.length;
    return this.exchange.responder.write(chunk, loan) || this.#goesOn(chunk.length);
  }

  end(trailers: readonly (Buffer | string)[] | undefined): void {
    if (this.#dropped >= 0) return clearTimeout(this.#cut);
    this.#succeeded();
    const fields = trailers === undefined || trailers.length === 0 ? undefined : this.exchange.shownTrailers(trailers);
    if (this.#stream !== undefined) this.#stream.end(fields);
    else this.exchange.responder.end(fields);
  }

  upgraded(raw: readonly string[], connection: Duplex, backendHead: Buffer): void {
    const { exchange } = this;
    const upgrade = exchange.upgrade!;
    const fault = upgrade.fault(raw);
    if (fault !== undefined) {
      connection.on('error', () => {}).destroy();
      return this.fail(new GatewayError('PROTOCOL', 'The backend refused the upgrade in a wrong way.', fault));
    }
    const now = performance.now();
    this.#firstByte = this.#waited(now);
    this.#status = 101;
    this.trace?.answered(now);
    exchange.doubts?.blame();
    // 11
    this.#win(now);
    exchange.status = exchange.httpVersion === '2.0' ? 200 : 101;
    const headers = responseFields(raw);
    RawHeaders.remove(headers, 'content-length');
    this.#edit(headers);
    const client = exchange.responder.switchProtocols(upgrade.protocol, headers);
    if (client === undefined) {
      connection.on('error', () => {}).destroy();
      return exchange.fail(new GatewayError('CLIENT_ABORTED'));
    }
    this.outlast();
    exchange.tunnelled = true;
    const ends = { client, clientHead: upgrade.firstBytes(), backend: connection, backendHead };
    this.#tunnel = upgrade.carry(this.backend, ends, this);
  }

  tunnelOver(): void {
    this.#succeeded();
  }

  fail(error: GatewayError, stale = false, unsent = false): void {
    if (this.#dropped >= 0) return clearTimeout(this.#cut);
    this.trace?.failed(error.code, stale);
    const isFault =
      error.source === 'backend' && !stale && !mayHaveClosedEarly(error, unsent, this.#status, this.exchange.body);
    if (isFault) this.#failed(error);
    else this.#abandoned();
    if (this.race === undefined || !this.race.lost(this)) this.owner.failed(this.backend, error, stale);
    else this.owner.lost(this.backend, error, stale);
  }

  /** The client gets the answer of this attempt. */
  #win(now: number): void {
    const { exchange } = this;
    this.race?.won(this);
    exchange.backend = this.backend;
    exchange.times.sentAt = this.#sentAt;
    exchange.times.respondedAt = now;
    exchange.body?.release();
  }

  /** What the route and its policies, and the balancer, have to say in the head of a response. */
  #edit(headers: RawHeaders): void {
    const { exchange } = this;
    const { balancer } = this.route.target;
    const cookie = balancer.cookieFor(this.backend, exchange, exchange.listenerInfo.scheme === 'https');
    if (cookie !== undefined) headers.push('Set-Cookie', cookie);
    exchange.editResponse(headers);
    exchange.plan?.responseRules?.apply(headers);
  }

  /** Milliseconds for which the backend alone was waited for; undefined while the client is still sending its body. */
  #waited(now: number): number | undefined {
    const { body } = this.exchange;
    if (body === undefined) return now - this.#sentAt;
    return body.completeAt === 0 ? undefined : now - Math.max(this.#sentAt, body.completeAt);
  }

  /** More waits for the client than should. True: the backend is read on all the same. */
  #goesOn(bytes: number): boolean {
    const { unread } = this.route.target.gate(this.backend);
    this.#unread ??= new UnreadAnswer(this.exchange, unread, this.owner.memory.answers, this);
    return this.#unread.goesOn(bytes);
  }

  /** The first of the three ways to end: the backend has answered all that the client still needs. */
  #succeeded(): void {
    this.#settle(this.#status >= 500 ? 'failure' : 'success', this.#verdict());
  }

  /** The second: no answer, or half of one, by the backend's fault. */
  #failed(error: GatewayError): void {
    const verdict = this.route.target.verdicts.ofError(error);
    if (verdict.outcome === 'failure') this.#blame(error);
    this.#settle('failure', verdict);
  }

  /** The third: it says nothing of the backend. */
  #abandoned(): void {
    this.#settle('ignored', VerdictRules.ignored);
  }

  #verdict(): BreakerVerdict {
    return this.route.target.verdicts.ofResponse(this.#status, this.#firstByte ?? 0);
  }

  #settle(outcome: 'success' | 'failure' | 'ignored', verdict: BreakerVerdict): void {
    if (this.#settled) return;
    this.#settled = true;
    this.trace?.ended(this.#status, outcome === 'ignored');
    this.#unread?.over();
    if (this.race === undefined) this.exchange.underWay = undefined;
    this.#settleBreaker(verdict);
    this.route.target.settle(this.backend, outcome, this.#firstByte, this.#held, this.#status);
  }

  #settleBreaker({ outcome, kind }: BreakerVerdict): void {
    const { ticket } = this;
    if (ticket === 0) return;
    this.ticket = 0;
    this.breaker.settle(ticket, outcome, kind);
  }

  /** Leaves open for now whose fault it was, where the next attempt tells. A stream that goes on is none that can be compared. */
  #blame(error: GatewayError): void {
    const { exchange, ticket } = this;
    const { code } = error;
    if (!isDoubtful(code) || exchange.stream !== undefined) return exchange.doubts?.blame();
    this.ticket = 0;
    const doubts = (exchange.doubts ??= new Doubts());
    doubts.add(code, this.backend, this.breaker, ticket);
    const isRaced = this.race !== undefined && this.race.running.length > 1;
    // Before its place is given on: who waits for it must not be let in to a backend that has just been taken out.
    if (!isRaced && !this.owner.triesElsewhere(this.backend, error)) doubts.blame();
  }
}
