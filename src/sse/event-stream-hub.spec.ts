import { Writable } from 'node:stream';
import pino from 'pino';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSource, FakeStreamExchange, FakeSupply, streamSettings } from '../../test/support/stream-parts.js';
import { GatewayError } from '../http/gateway-error.js';
import { StreamMetrics } from '../metrics/stream-metrics.js';
import type { EventStreamSettings } from '../proxy/lasting/event-streams.js';
import { Places } from '../proxy/lasting/places.js';
import { LongLived } from '../proxy/lasting/long-lived.js';
import { Upstreams } from '../upstream/upstreams.js';
import { EventStreamHub } from './event-stream-hub.js';

const eventStream = ['Content-Type', 'text/event-stream'];

function setup() {
  const backends = ['a', 'b'].map(id => ({ id, url: `http://${id}`, weight: 1, backup: false }));
  const definition = { strategy: { name: 'random' }, slowStart: 0, panicThreshold: 0, backends };
  const upstreams = new Upstreams(
    new Map([
      ['app', definition],
      ['other', definition],
    ]),
  );
  const registers = [new Registry()];
  const [duration, resumes, open] = [
    new Histogram({ name: 'duration', help: '-', labelNames: ['route', 'protocol'], registers }),
    new Counter({ name: 'resumes', help: '-', labelNames: ['route', 'result'], registers }),
    new Gauge({ name: 'open', help: '-', labelNames: ['route', 'upstream', 'backend'], registers }),
  ];
  const metrics = new StreamMetrics(duration, resumes);
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)) as Record<string, unknown>);
      done();
    },
  });
  const longLived = new LongLived();
  const hub = new EventStreamHub(upstreams, longLived, metrics, pino({}, sink), Math.random);
  const upstream = upstreams.get('app');
  const [a, b] = upstream.backends;
  return {
    longLived,
    lines,
    other: upstreams.get('other'),
    a: a!,
    b: b!,
    /** Opens a stream from backend `a`. */
    open: (settings: Partial<EventStreamSettings> = {}, places?: Places) => {
      const exchange = new FakeStreamExchange({ name: 'events', sse: streamSettings(settings) });
      exchange.places = places;
      const source = new FakeSource(a!);
      const supply = new FakeSupply(upstream);
      hub.open(exchange, source, supply, eventStream);
      return { exchange, source, supply, stream: exchange.stream! };
    },
    /** Open streams by route, upstream and backend. */
    shown: async () => {
      metrics.showOpen(open);
      const { values } = await open.get();
      return values.map(({ labels, value }) => [labels.route, labels.upstream, labels.backend, value]);
    },
    counted: async () => ({
      ended: (await duration.get()).values.find(({ metricName }) => metricName === 'duration_count')?.value ?? 0,
      resumes: (await resumes.get()).values.map(({ labels, value }) => [labels.result, value]),
    }),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the open event streams', () => {
  it('make their exchange one of an event stream, and send its head at once', () => {
    const { exchange } = setup().open();
    expect([exchange.protocol, exchange.stream?.resumes, exchange.responder.flushed]).toEqual(['sse', 0, 1]);
    expect(exchange.responder.source).toBe(exchange.stream);
  });

  it('take a place of their route, also where none is left, and none where they have one', () => {
    const { open } = setup();
    const places = new Places(1);
    const [one, two] = [open({ places }), open({ places })];
    expect([places.open, one.exchange.places, two.exchange.places]).toEqual([2, places, places]);
    const taken = new Places(1);
    const { exchange } = open({ places }, taken);
    expect([places.open, exchange.places]).toEqual([2, taken]);
  });

  it('are shown with their backend until they are closed, and counted then', async () => {
    const { open, shown, counted } = setup();
    const one = open();
    open();
    expect(await shown()).toEqual([['events', 'app', 'a', 2]]);
    one.stream.closed();
    expect([await shown(), (await counted()).ended]).toEqual([[['events', 'app', 'a', 1]], 1]);
  });

  it('are told in the log, and counted, when they go on at another backend or cannot', async () => {
    const { b, lines, counted, open } = setup();
    const { stream, exchange } = open({ resume: true });
    stream.failed(new GatewayError('RESET', undefined, 'reset'));
    vi.advanceTimersByTime(100);
    stream.rejoin(new FakeSource(b), 200, eventStream);
    expect(lines).toMatchObject([
      { requestId: 'r-1', route: 'events', upstream: 'app', from: 'a', to: 'b', reason: 'reset' },
    ]);
    stream.data(Buffer.from(`data: ${'x'.repeat(1024 * 1024)}`));
    stream.failed(new GatewayError('RESET'));
    expect(exchange.error?.code).toBe('BODY_BROKEN');
    expect((await counted()).resumes).toEqual([
      ['resumed', 1],
      ['failed', 1],
    ]);
  });

  it('have heartbeats while they are open, and none later', () => {
    const { stream, exchange } = setup().open({ heartbeat: 1_000 });
    vi.advanceTimersByTime(1_200);
    expect(exchange.responder.text).toBe(':\n\n');
    stream.closed();
    vi.advanceTimersByTime(5_000);
    expect(exchange.responder.text).toBe(':\n\n');
  });

  it('end when the gateway shuts down', () => {
    const { longLived, open } = setup();
    const streams = [open(), open()];
    longLived.drain();
    expect(streams.map(({ exchange }) => exchange.responder.ended)).toEqual([true, true]);
  });

  it('end when their listener shuts down, and others do not', () => {
    const { longLived, open } = setup();
    const streams = [open(), open()];
    longLived.drain(streams[1]!.exchange.listenerInfo);
    expect(streams.map(({ exchange }) => exchange.responder.ended)).toEqual([false, true]);
  });

  it('leave a backend that drains, and stay when something else changes', () => {
    const { a, b, open } = setup();
    const { source, supply } = open({ resume: true });
    b.veto('unhealthy');
    expect(supply.attempts).toBe(0);
    b.lift('unhealthy');
    a.veto('draining');
    expect([source.asked.at(-1), supply.attempts]).toEqual(['leave', 1]);
  });

  it('are not touched by what happens in another upstream', () => {
    const { other, open } = setup();
    const { source, supply } = open({ resume: true });
    other.backends[0]!.veto('draining');
    expect([source.asked, supply.attempts]).toEqual([['idle timeout 0'], 0]);
  });
});
