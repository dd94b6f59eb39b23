import { isEventStream } from '../http/event-stream-type.js';
import { GatewayError } from '../http/gateway-error.js';
import type { RawHeaders } from '../http/raw-headers.js';
import type { EventStreamCounts } from '../metrics/stream-metrics.js';
import type { Timed } from '../proxy/forwarder/deadlines.js';
import type {
  EventStream,
  EventStreamSettings,
  StreamExchange,
  StreamSource,
  StreamSupply,
} from '../proxy/lasting/event-streams.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { EventStreamObserver } from './event-stream-observer.js';
import { EventWriter } from './event-writer.js';
import { isSendable, Resumption } from './resumption.js';

const lastEventId = 'Last-Event-ID';

/** What a stream tells of itself. */
export interface StreamWatcher {
  /** It has gone on at another backend. */
  resumed(stream: RelayedStream, from: string | undefined, reason: string | undefined): void;
  /** It has lost its backend for good. */
  lost(stream: RelayedStream): void;
  closed(stream: RelayedStream): void;
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
  /** The client comes again by itself, as an EventSource does, when the stream ends. */
  readonly #reconnects: boolean;
  /** Nothing but its end says where it ends: something may be written into it, and it may end at any boundary. */
  readonly #isOpen: boolean;
  /** Undefined where the events cannot be read. */
  readonly #observer: EventStreamObserver | undefined;
  readonly #resumption: Resumption | undefined;
  readonly #writer: EventWriter;
  readonly #openedAt: number;
  #source: StreamSource | undefined;
  #heardAt: number;
  /** It is to leave its backend at the next boundary, if that is still wanted then. */
  #restless = false;
  /** The gateway shuts down. */
  #draining = false;
  #over = false;
  /** Which backend it has lost, and how. */
  #lostBackend: string | undefined;
  #lostBy: string | undefined;

  constructor(
    readonly exchange: StreamExchange,
    first: StreamSource,
    private readonly supply: StreamSupply,
    headers: RawHeaders,
    private readonly settings: EventStreamSettings,
    private readonly counts: EventStreamCounts,
    private readonly watcher: StreamWatcher,
  ) {
    const { status, method } = exchange;
    this.#source = first;
    this.#reconnects = method === 'GET' && exchange.wantsEvents;
    const isPlain = !hasField(headers, 'content-encoding');
    this.#isOpen = staysOpen(headers) && status !== 206;
    if (settings.resume && this.#isOpen && status === 200 && method === 'GET' && !exchange.hasBody) {
      this.#resumption = new Resumption(this, Math.random, settings.longestWait);
    }
    if (isPlain) this.#observer = new EventStreamObserver(this.#resumption !== undefined);
    this.#writer = new EventWriter(exchange, counts, this.#resumption !== undefined);
    this.#openedAt = this.#heardAt = this.#writer.writtenAt;
  }

  get events(): number | undefined {
    return this.#observer?.events;
  }

  /** Id of the backend that it comes from; undefined while it waits for one. */
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
    this.exchange.responder.source = this;
    this.#source!.setIdleTimeout(0);
    this.#arm(this.#openedAt);
    if (this.exchange.listenerInfo.draining) this.drain();
  }

  data(chunk: Buffer): boolean {
    const observer = this.#observer;
    this.#heardAt = performance.now();
    if (observer === undefined) return this.#writer.pass(chunk, -1);
    const before = observer.events;
    const boundary = observer.observe(chunk);
    const events = observer.events - before;
    this.counts.events.pending += events;
    const leaves = this.#restless && this.#isOpen && boundary >= 0 && this.#wantsToLeave();
    // What follows the boundary is the beginning of an event whose end would never come.
    const piece = leaves && boundary < chunk.length ? chunk.subarray(0, boundary) : chunk;
    const flows = this.#writer.pass(piece, boundary);
    if (events > 0) this.#resumption?.succeeded();
    if (leaves) this.#leave();
    return flows;
  }

  end(trailers: RawHeaders | undefined): void {
    this.#source = undefined;
    this.#writer.flush();
    this.#finish(trailers);
  }

  failed(error: GatewayError): boolean {
    const resumption = this.#resumption;
    this.#lostBackend ??= this.#source?.backend.id;
    this.#lostBy ??= error.reason ?? error.code;
    this.#source = undefined;
    if (resumption === undefined || !isLoss(error)) return false;
    if (this.#draining && !this.#writer.exposed) {
      this.#finish(undefined);
      return true;
    }
    const wait = this.#canResume ? resumption.next(this.#observer!.retry) : undefined;
    if (wait === undefined) {
      this.watcher.lost(this);
      this.exchange.fail(
        new GatewayError('BODY_BROKEN', undefined, `not resumed (${resumption.tries} tries): ${this.#lostBy}`),
      );
      return true;
    }
    this.#restart();
    // What it was lost by before says nothing any more, or of all alike; the last entry is where it was lost now.
    if (resumption.hasLasted || this.supply.exhausted) this.supply.avoidOnlyLast();
    this.exchange.underWay = resumption;
    resumption.wait(wait);
    return true;
  }

  /** Makes another attempt, if the budget allows it now. */
  retry(): void {
    const resumption = this.#resumption!;
    if (resumption.hasLasted || this.supply.mayRetry()) this.#goOn();
    else resumption.waitOn();
  }

  /** Makes another attempt, which goes on behind the last complete event. */
  #goOn(): void {
    const { exchange } = this;
    const id = this.#observer!.lastId;
    exchange.underWay = undefined;
    // An empty id takes back those before it (WHATWG HTML §9.2.6): the field is not sent then.
    if (id !== undefined) exchange.setRequestHeader(lastEventId, id === '' ? undefined : id);
    this.supply.next();
  }

  rejoin(source: StreamSource, status: number, headers: RawHeaders): void {
    // No Content: an EventSource is to stop (WHATWG HTML §9.2.3).
    if (status === 204) {
      source.drop();
      return this.#finish(undefined);
    }
    if (status !== 200 || !isEventStream(headers) || !staysOpen(headers)) {
      const reason = `answered ${status} where an event stream was to go on`;
      return source.decline(new GatewayError('PROTOCOL', 'The backend did not go on with the event stream.', reason));
    }
    source.outlast();
    source.setIdleTimeout(0);
    this.#resumption!.joined();
    this.#source = source;
    this.#heardAt = performance.now();
    this.#arm(this.#heardAt);
    this.resumes++;
    this.watcher.resumed(this, this.#lostBackend, this.#lostBy);
    this.#lostBackend = this.#lostBy = undefined;
    if (this.#draining) this.drain();
  }

  closed(): void {
    this.#over = true;
    this.watcher.closed(this);
  }

  /** The client has made room. */
  resume(): void {
    this.#writer.paused = false;
    this.#heardAt = performance.now();
    this.#arm(this.#heardAt);
    this.#source?.resume();
  }

  late(): void {
    const { exchange, settings } = this;
    if (this.#over || exchange.error !== undefined) return;
    const now = performance.now();
    if (this.#idleLeft(now) <= 0) {
      const reason = `sse.idleTimeout: nothing for ${settings.idleTimeout} ms`;
      this.#source!.breakOff(new GatewayError('BODY_BROKEN', 'The response of the backend broke.', reason));
      if (this.#over || exchange.error !== undefined) return;
    }
    if (this.#mayBeat && now - this.#writer.writtenAt >= settings.heartbeat) {
      this.#writer.beat();
    }
    this.#arm(now);
  }

  /** The gateway shuts down: who reconnects by itself is sent elsewhere, at the next boundary. */
  drain(): void {
    if (!this.#reconnects || !this.#isOpen || this.#over) return;
    this.#draining = this.#restless = true;
    if (this.#clientAtBoundary) this.#leave();
  }

  /** The vetoes of a backend have changed: it may be time to leave it. */
  reconsider(): void {
    if (this.#over || !this.#wantsToLeave()) return;
    this.#restless = true;
    if (this.#isOpen && this.#observer!.atBoundary) this.#leave();
  }

  /** It can go on at another backend, behind the last complete event. */
  get #canResume(): boolean {
    if (this.#resumption === undefined || this.#writer.exposed) return false;
    const { idLost, lastId } = this.#observer!;
    return !idLost && isSendable(lastId);
  }

  /** Nobody leaves a draining backend while there is no other to go to. */
  #wantsToLeave(): boolean {
    if (this.#draining) return true;
    const { backend } = this;
    if (backend?.vetoes.has('draining') !== true || (!this.#canResume && !this.#reconnects)) return false;
    return this.supply.upstream.available.some(other => other !== backend);
  }

  #leave(): void {
    const source = this.#source;
    this.#restless = false;
    this.#source = undefined;
    if (source === undefined) this.exchange.underWay?.giveUp();
    else source.leave();
    if (this.#draining || !this.#canResume) return this.#finish(undefined);
    this.#lostBackend = source?.backend.id;
    this.#lostBy = 'the backend is draining';
    if (source !== undefined) this.supply.avoid(source.backend);
    this.#restart();
    this.#resumption!.next(0);
    this.#goOn();
  }

  #finish(trailers: RawHeaders | undefined): void {
    this.#over = true;
    this.exchange.underWay = undefined;
    this.exchange.responder.end(trailers);
  }

  #restart(): void {
    this.#writer.restart();
    this.#observer!.restart();
  }

  /** What is written now falls into no event. */
  get #clientAtBoundary(): boolean {
    if (!this.#isOpen) return false;
    return this.#resumption === undefined ? this.#observer!.atBoundary : !this.#writer.exposed;
  }

  get #mayBeat(): boolean {
    return this.settings.heartbeat > 0 && !this.#writer.paused && this.#clientAtBoundary;
  }

  /** Milliseconds for which the backend may still be silent. A client that does not read is no fault of the backend. */
  #idleLeft(now: number): number {
    const { idleTimeout } = this.settings;
    if (idleTimeout === 0 || this.#writer.paused || this.#source === undefined) return Infinity;
    return this.#heardAt + idleTimeout - now;
  }

  #arm(now: number): void {
    const { heartbeat: rhythm } = this.settings;
    const beat = rhythm > 0 && this.#isOpen ? this.#writer.writtenAt + rhythm : Infinity;
    const next = Math.min(beat, now + this.#idleLeft(now));
    this.deadline = next === Infinity ? 0 : Math.max(next, now);
  }
}

function staysOpen(headers: RawHeaders): boolean {
  return !hasField(headers, 'content-encoding') && !hasField(headers, 'content-length');
}

function hasField(headers: RawHeaders, name: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i]!.toLowerCase() === name) return true;
  return false;
}

/** The backend's fault, or there was none to be had: another, or the same a while later, may do better. */
function isLoss({ source, code }: GatewayError): boolean {
  return source === 'backend' || code === 'NO_BACKEND' || code === 'QUEUE_FULL';
}
