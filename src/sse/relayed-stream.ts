import { GatewayError } from '../http/gateway-error.js';
import type { Loan } from '../http/loan.js';
import type { RawHeaders } from '../fields/raw-headers.js';
import type { EventStreamCounts } from '../metrics/stream-metrics.js';
import { overtime } from '../proxy/client/overtime.js';
import type { Timed } from '../proxy/forwarder/deadlines.js';
import type {
  EventStream,
  EventStreamSettings,
  StreamExchange,
  StreamSource,
  StreamSupply,
} from '../proxy/lasting/event-streams.js';
import type { RandomSource } from '../random/random-source.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { EventStreamObserver } from './event-stream-observer.js';
import { EventWriter } from './event-writer.js';
import { isSendable, Resumption } from './resumption.js';
import { Silence } from './silence.js';
import { continues, traitsOf, type StreamTraits } from './stream-traits.js';

const lastEventId = 'Last-Event-ID';

/** Is told what becomes of a stream. */
export interface StreamWatcher {
  /** It has gone on at another backend. */
  resumed(stream: RelayedStream, from: string | undefined, reason: string | undefined): void;
  /** It has lost its backend for good. */
  lost(stream: RelayedStream): void;
  closed(stream: RelayedStream): void;
}

/**
 * ```
 *          backend lost     time to leave   at a boundary      wait over     answered      ends, fails, closes
 * fed      → waiting        → leaving                                                      → over
 * leaving  → waiting                        → trying or over                               → over
 * waiting                                                      → trying                    → over
 * trying   → waiting                                                         → fed         → over
 * ```
 * What does not stand in the table does nothing.
 */
type Phase =
  /** A backend sends; it is `leaving` when the stream is to leave it at the next boundary between two events. */
  | { readonly name: 'fed' | 'leaving'; readonly source: StreamSource }
  /** The backend was lost: the next try begins after a while. */
  | { readonly name: 'waiting' }
  /** An attempt to go on is under way. */
  | { readonly name: 'trying' }
  /** Nothing more is written: it has ended, or its exchange fails. */
  | { readonly name: 'over' };

const waiting: Phase = { name: 'waiting' };
const trying: Phase = { name: 'trying' };
const over: Phase = { name: 'over' };

/** The backend that a stream has lost, and why. */
interface Loss {
  readonly backend: string | undefined;
  readonly reason: string;
}

/**
 * One event stream on its way to its client: passes on what comes, event by event, and writes a comment between two events when
 * there has been nothing for a while. One that may be resumed passes on complete events only, so that it can go on at another
 * backend, from the id of the last, when its own dies.
 */
export class RelayedStream implements EventStream, Timed {
  deadline = 0;
  slot = -1;
  resumes = 0;
  readonly #traits: StreamTraits;
  /** Undefined where the events cannot be read. */
  readonly #observer: EventStreamObserver | undefined;
  /** Undefined where it ends with its backend. */
  readonly #resumption: Resumption | undefined;
  readonly #writer: EventWriter;
  readonly #silence: Silence;
  readonly #openedAt: number;
  #phase: Phase;
  /** The first loss since a backend fed it last; undefined while one does. */
  #loss: Loss | undefined;
  /** The gateway shuts down. */
  #draining = false;

  constructor(
    readonly exchange: StreamExchange,
    source: StreamSource,
    private readonly supply: StreamSupply,
    headers: RawHeaders,
    private readonly settings: EventStreamSettings,
    private readonly counts: EventStreamCounts,
    private readonly watcher: StreamWatcher,
    random: RandomSource,
  ) {
    this.#phase = { name: 'fed', source };
    this.#traits = traitsOf(exchange, headers);
    const resumes = settings.resume && this.#traits.isResumable;
    if (resumes) this.#resumption = new Resumption(this, random, settings.longestWait);
    if (this.#traits.isReadable) this.#observer = new EventStreamObserver(resumes);
    this.#writer = new EventWriter(exchange, counts, resumes);
    this.#openedAt = this.#writer.writtenAt;
    this.#silence = new Silence(settings, this.#openedAt);
  }

  get events(): number | undefined {
    return this.#observer?.events;
  }

  /** The backend that it comes from; undefined while it has none. */
  get backend(): LiveBackend | undefined {
    return this.#source?.backend;
  }

  /** Name of the upstream that it comes from. */
  get upstream(): string {
    return this.supply.upstream.name;
  }

  /** Seconds since its head. */
  get age(): number {
    return (performance.now() - this.#openedAt) / 1000;
  }

  /** Takes over: from now on it is the source of the response's body. */
  begin(): void {
    // 11
    this.exchange.responder.source = this;
    this.#source?.setIdleTimeout(0);
    this.#arm(this.#openedAt);
    if (this.exchange.listenerInfo.draining) this.drain();
  }

  data(chunk: Buffer, loan?: Loan): boolean {
    if (this.#source === undefined) return true;
    const now = performance.now();
    this.#silence.heard(now);
    const observer = this.#observer;
    if (observer === undefined) return this.#writer.pass(chunk, -1, now, loan);
    const before = observer.events;
    const boundary = observer.observe(chunk);
    const events = observer.events - before;
    this.counts.events.pending += events;
    const leaves = this.#phase.name === 'leaving' && this.#traits.isOpen && boundary >= 0 && this.#wantsToLeave();
    // What follows the boundary is the beginning of an event whose end would never come.
    const piece = leaves && boundary < chunk.length ? chunk.subarray(0, boundary) : chunk;
    const flows = this.#writer.pass(piece, boundary, now, loan);
    if (events > 0) this.#resumption?.succeeded();
    if (leaves) this.#leave();
    return flows;
  }

  end(trailers: RawHeaders | undefined): void {
    if (this.#source === undefined) return;
    this.#writer.flush();
    this.#finish(trailers);
  }

  failed(error: GatewayError): boolean {
    if (this.#phase === over) return true;
    const resumption = this.#resumption;
    this.#loss ??= { backend: this.backend?.id, reason: error.reason ?? error.code };
    this.#phase = over;
    if (resumption === undefined || !isLoss(error)) return false;
    const wait = this.#canResume ? resumption.next(this.#observer!.retry) : undefined;
    if (wait === undefined) {
      const reason = `not resumed (${resumption.tries} tries): ${this.#loss.reason}`;
      this.watcher.lost(this);
      this.exchange.fail(new GatewayError('BODY_BROKEN', undefined, reason));
      return true;
    }
    this.#restart();
    // The losses before the last say nothing any more, or the same of all backends.
    if (resumption.hasLasted || this.supply.exhausted) this.supply.avoidOnlyLast();
    this.#phase = waiting;
    this.exchange.underWay = resumption;
    resumption.wait(wait);
    return true;
  }

  /** The wait before a try is over: makes another attempt, if the budget allows it now. */
  retry(): void {
    if (this.#phase !== waiting) return;
    const resumption = this.#resumption!;
    if (resumption.hasLasted || this.supply.mayRetry()) this.#goOn();
    else resumption.waitOn();
  }

  rejoin(source: StreamSource, status: number, headers: RawHeaders): void {
    if (this.#phase !== trying) return source.drop();
    // No Content: an EventSource is to stop (WHATWG HTML §9.2.3).
    if (status === 204) {
      source.drop();
      return this.#finish(undefined);
    }
    if (!continues(status, headers)) {
      const reason = `answered ${status} where an event stream was to go on`;
      return source.decline(new GatewayError('PROTOCOL', 'The backend did not go on with the event stream.', reason));
    }
    source.outlast();
    source.setIdleTimeout(0);
    this.#phase = { name: 'fed', source };
    this.#resumption!.joined();
    const now = performance.now();
    this.#silence.heard(now);
    this.#arm(now);
    this.resumes++;
    this.watcher.resumed(this, this.#loss?.backend, this.#loss?.reason);
    this.#loss = undefined;
  }

  closed(): void {
    this.#phase = over;
    this.watcher.closed(this);
  }

  /** The client has made room. */
  resume(): void {
    this.#writer.paused = false;
    const now = performance.now();
    this.#silence.heard(now);
    this.#arm(now);
    this.#source?.resume();
  }

  late(): void {
    if (this.#isOver) return;
    const now = performance.now();
    if (this.#waitsForBackend && this.#silence.isBroken(now)) {
      const reason = `sse.idleTimeout: nothing for ${this.settings.idleTimeout} ms`;
      const error = new GatewayError('BODY_BROKEN', 'The response of the backend broke.', reason);
      this.#source!.breakOff(overtime(error, 'sse.idleTimeout', this.settings.idleTimeout));
      if (this.#isOver) return;
    }
    const mayBeat = !this.#writer.paused && this.#clientAtBoundary;
    if (mayBeat && this.#silence.isBeatDue(now, this.#writer.writtenAt)) this.#writer.beat();
    this.#arm(now);
  }

  /** The gateway shuts down: a client that reconnects by itself is sent elsewhere, at the next boundary. */
  drain(): void {
    if (!this.#traits.reconnects || !this.#traits.isOpen || this.#phase === over) return;
    this.#draining = true;
    if (this.#clientAtBoundary) this.#leave();
    else this.#leaveSoon();
  }

  /** The vetoes of a backend have changed: it may be time to leave it. */
  reconsider(): void {
    if (!this.#traits.isOpen || !this.#wantsToLeave()) return;
    if (this.#observer!.atBoundary) this.#leave();
    else this.#leaveSoon();
  }

  /** What feeds it; undefined in phases in which nothing does. */
  get #source(): StreamSource | undefined {
    const phase = this.#phase;
    return phase.name === 'fed' || phase.name === 'leaving' ? phase.source : undefined;
  }

  get #isOver(): boolean {
    return this.#phase === over || this.exchange.error !== undefined;
  }

  /** A client that does not read is no fault of the backend. */
  get #waitsForBackend(): boolean {
    return this.#source !== undefined && !this.#writer.paused;
  }

  /** It can go on at another backend, behind the last complete event. */
  get #canResume(): boolean {
    if (this.#resumption === undefined || this.#writer.exposed) return false;
    const { idLost, lastId } = this.#observer!;
    return !idLost && isSendable(lastId);
  }

  /** What is written now falls into no event. */
  get #clientAtBoundary(): boolean {
    if (!this.#traits.isOpen) return false;
    return this.#resumption === undefined ? this.#observer!.atBoundary : !this.#writer.exposed;
  }

  /** A draining backend is not left while there is no other to go to. */
  #wantsToLeave(): boolean {
    const source = this.#source;
    if (source === undefined) return false;
    if (this.#draining) return true;
    const { backend } = source;
    if (!backend.vetoes.has('draining') || (!this.#canResume && !this.#traits.reconnects)) return false;
    return this.supply.upstream.available.some(other => other !== backend);
  }

  #leaveSoon(): void {
    const source = this.#source;
    if (source !== undefined) this.#phase = { name: 'leaving', source };
  }

  /** Leaves the backend, or gives up the try to go on, and goes on at another one where it can. */
  #leave(): void {
    const source = this.#source;
    const goesOn = source !== undefined && !this.#draining && this.#canResume;
    this.#phase = goesOn ? trying : over;
    if (source === undefined) this.exchange.underWay?.giveUp();
    else source.leave();
    if (!goesOn) return this.#finish(undefined);
    this.#loss = { backend: source.backend.id, reason: 'the backend is draining' };
    this.supply.avoid(source.backend);
    this.#restart();
    this.#resumption!.next(0);
    this.#goOn();
  }

  /** Makes another attempt, which goes on behind the last complete event. */
  #goOn(): void {
    const { exchange } = this;
    const id = this.#observer!.lastId;
    this.#phase = trying;
    exchange.underWay = undefined;
    // An empty id takes back those before it (WHATWG HTML §9.2.6): the field is not sent then.
    if (id !== undefined) exchange.setRequestHeader(lastEventId, id === '' ? undefined : id);
    this.supply.next();
  }

  #finish(trailers: RawHeaders | undefined): void {
    this.#phase = over;
    this.exchange.underWay = undefined;
    this.exchange.responder.end(trailers);
  }

  #restart(): void {
    this.#writer.restart();
    this.#observer!.restart();
  }

  #arm(now: number): void {
    const writtenAt = this.#traits.isOpen ? this.#writer.writtenAt : undefined;
    this.deadline = this.#silence.next(now, writtenAt, this.#waitsForBackend);
  }
}

/** The backend's fault, or there was none to be had: another, or the same a while later, may do better. */
function isLoss({ source, code }: GatewayError): boolean {
  return source === 'backend' || code === 'NO_BACKEND' || code === 'QUEUE_FULL';
}
