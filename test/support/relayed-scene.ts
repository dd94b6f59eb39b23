import { GatewayError } from '../../src/http/gateway-error.js';
import type { EventStreamSettings } from '../../src/proxy/lasting/event-streams.js';
import { RelayedStream, type StreamWatcher } from '../../src/sse/relayed-stream.js';
import { FakeSource, FakeStreamExchange, FakeSupply, streamSettings, upstreamOf } from './stream-parts.js';

/** The fields of an event stream. */
export const eventStream = ['Content-Type', 'text/event-stream'];
/** What the first backend is lost by. */
export const reset = new GatewayError('RESET', undefined, 'reset by a');

/** How the stream differs from one of a backend `a` that an EventSource has asked for, with `b` beside it. */
export interface StreamOptions extends Partial<EventStreamSettings> {
  readonly headers?: string[];
  readonly change?: (exchange: FakeStreamExchange) => void;
  readonly backends?: string[];
}

/** A stream from backend `a`, and what stands around it. */
export function relayedStream({
  headers = eventStream,
  change,
  backends = ['a', 'b'],
  ...settings
}: StreamOptions = {}) {
  const upstream = upstreamOf(...backends);
  const [a, b] = upstream.backends;
  const exchange = new FakeStreamExchange({ name: 'events', sse: streamSettings(settings) });
  change?.(exchange);
  const told: string[] = [];
  const supply = new FakeSupply(upstream);
  /** As the dispatcher does: what the stream cannot survive fails the exchange. */
  const fail = (error: GatewayError): void => {
    if (!stream.failed(error)) exchange.fail(error);
  };
  const sourceOn = (backend: typeof a): FakeSource => new FakeSource(backend!, fail);
  const first = sourceOn(a);
  const count = () => ({ labels: {}, pending: 0 });
  const counts = { streams: count(), events: count(), bytes: count(), heartbeats: count() };
  const watcher: StreamWatcher = {
    resumed: (_stream, from, reason) => told.push(`resumed from ${from}: ${reason}`),
    lost: () => told.push('lost'),
    closed: () => told.push('closed'),
  };
  const sse = exchange.plan.sse;
  const stream: RelayedStream = new RelayedStream(exchange, first, supply, headers, sse, counts, watcher, Math.random);
  stream.begin();
  const send = (text: string): boolean => stream.data(Buffer.from(text));
  /** Answers the try under way with this stream's next source. */
  const rejoin = (status = 200, fields = eventStream): FakeSource => {
    const next = sourceOn(b);
    stream.rejoin(next, status, fields);
    return next;
  };
  return { stream, exchange, responder: exchange.responder, first, supply, told, counts, send, fail, rejoin, a, b };
}

/** A resumed stream that has had one event, and lost its backend. */
export function lostStream(options: StreamOptions = {}) {
  const scene = relayedStream({ resume: true, ...options });
  scene.send('id: 1\ndata: x\n\ndata: half');
  scene.fail(reset);
  return scene;
}
