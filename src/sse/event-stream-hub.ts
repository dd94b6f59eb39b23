import { Inject, Injectable } from '@nestjs/common';
import type { Logger as Pino } from 'pino';
import type { RawHeaders } from '../fields/raw-headers.js';
import { PINO } from '../logging/logging.module.js';
import { StreamMetrics, type OpenStream } from '../metrics/stream-metrics.js';
import { Deadlines } from '../proxy/forwarder/deadlines.js';
import {
  EventStreams,
  type StreamExchange,
  type StreamSource,
  type StreamSupply,
} from '../proxy/lasting/event-streams.js';
import { LongLived, type LastingState } from '../proxy/lasting/long-lived.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { Upstreams } from '../upstream/upstreams.js';
import type { Upstream } from '../upstream/upstream.js';
import { RelayedStream, type StreamWatcher } from './relayed-stream.js';

/** Milliseconds by which a heartbeat or an idle timeout may be late. */
const resolution = 100;

/** All open event streams: has one timer for them, counts them, and tells them when backends or the gateway drain. */
@Injectable()
export class EventStreamHub extends EventStreams implements StreamWatcher {
  readonly #open = new Set<RelayedStream>();
  readonly #clock = new Deadlines(resolution);

  constructor(
    upstreams: Upstreams,
    private readonly longLived: LongLived,
    private readonly metrics: StreamMetrics,
    @Inject(PINO) private readonly log: Pino,
    @Inject(RANDOM_SOURCE) private readonly random: RandomSource,
  ) {
    super();
    upstreams.onChange(upstream => this.#reconsider(upstream));
    metrics.addOpen(() => this.#states());
  }

  open(exchange: StreamExchange, source: StreamSource, supply: StreamSupply, headers: RawHeaders): void {
    // A transformer has failed at its head.
    if (exchange.error !== undefined) return;
    const { name, sse } = exchange.plan!;
    const counts = this.metrics.eventStreams(name);
    counts.streams.pending++;
    const stream = new RelayedStream(exchange, source, supply, headers, sse, counts, this, this.random);
    if (exchange.places === undefined) {
      exchange.places = sse.places;
      sse.places.enter();
    }
    exchange.protocol = 'sse';
    exchange.stream = stream;
    exchange.responder.flush();
    this.#open.add(stream);
    const state = (): LastingState => stateOf(stream);
    this.longLived.open.set(stream, { route: name, listener: exchange.listenerInfo, kind: 'stream', state });
    if (sse.heartbeat > 0 || sse.idleTimeout > 0) this.#clock.watch(stream);
    stream.begin();
  }

  resumed({ exchange, upstream, backend }: RelayedStream, from: string | undefined, reason: string | undefined): void {
    const route = exchange.plan!.name;
    this.metrics.resumed(route, 'resumed');
    this.log.warn({ requestId: exchange.id, route, upstream, from, to: backend?.id, reason }, 'event stream resumed');
  }

  lost({ exchange }: RelayedStream): void {
    this.metrics.resumed(exchange.plan!.name, 'failed');
  }

  closed(stream: RelayedStream): void {
    this.#open.delete(stream);
    this.longLived.open.delete(stream);
    this.#clock.forget(stream);
    this.metrics.ended(stream.exchange.plan!.name, 'sse', stream.age);
  }

  #reconsider({ name, isDraining }: Upstream): void {
    if (this.#open.size === 0 || !isDraining) return;
    for (const stream of [...this.#open]) if (stream.upstream === name) stream.reconsider();
  }

  *#states(): Iterable<OpenStream> {
    for (const { exchange, upstream, backend } of this.#open) {
      yield { route: exchange.plan!.name, upstream, backend: backend?.id ?? '' };
    }
  }
}

function stateOf({ age, backend, events, exchange, upstream }: RelayedStream): LastingState {
  return {
    requestId: exchange.id,
    client: exchange.clientIp,
    path: exchange.path,
    protocol: undefined,
    upstream,
    backend: backend?.id,
    age: age * 1_000,
    bytesIn: 0,
    bytesOut: exchange.bytesOut,
    messagesIn: undefined,
    messagesOut: events,
  };
}
