import { SpanKind, SpanStatusCode, createTraceState, type HrTime, type SpanContext } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/support/any-text.js';
import { spansIn } from '../../test/support/otlp-spans.js';
import { SpanBatch } from './span-batch.js';
import { attributeKey, clientKind, serverKind, spanSource, SpanWriter, type AttributeValue } from './span-writer.js';

const text = fc.oneof(
  { weight: 4, arbitrary: anyText({ maxLength: 200 }) },
  // Also halves of pairs, which no text has.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map(units => String.fromCharCode(...units)),
  // Lengths at which that of a length changes.
  fc
    .tuple(fc.constantFrom('a', 'é', '€', '😀', '\ud800'), fc.integer({ min: 1, max: 6000 }))
    .map(([unit, times]) => unit.repeat(times)),
);
const number = fc.oneof(
  fc.integer(),
  fc.nat(0x4001),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(-0, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 62, 2 ** 63, -(2 ** 63), 2 ** 64, 0.1, 12.5),
);
const attributes = fc.dictionary(
  text.filter(key => key !== '__proto__'),
  fc.oneof(text, number, fc.boolean()),
  {
    maxKeys: 12,
    noNullPrototype: true,
  },
);
const id = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(value => Buffer.from(value).toString('hex'));
const context = fc.record({ traceId: id(16), spanId: id(8), isSampled: fc.boolean() });
const time = fc
  .tuple(fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.integer({ min: 0, max: 4095 }))
  .map(([milliseconds, part]) => milliseconds + part / 4096);

const told = fc.record({
  traceId: id(16),
  spanId: id(8),
  parent: fc.option(fc.record({ spanId: id(8), isRemote: fc.boolean() }), { nil: undefined }),
  state: fc.constantFrom(undefined, 'a=1', 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7'),
  name: text,
  isServer: fc.boolean(),
  from: time,
  to: time,
  attributes,
  events: fc.array(fc.record({ name: text, at: time, attributes }), { maxLength: 4 }),
  links: fc.array(context, { maxLength: 2 }),
  isError: fc.boolean(),
  lostEvents: fc.oneof(fc.constant(0), fc.nat(100_000)),
});
type Told = typeof told extends fc.Arbitrary<infer T> ? T : never;

const resource = { 'service.name': 'édge', 'process.pid': 4711 };
const scope = { name: 'gatehouse', version: '1.2.3' };

function byUs(spans: readonly Told[]): Buffer {
  const writer = new SpanWriter();
  const batch = new SpanBatch(spanSource(resource, scope));
  const keyed = (values: Told['attributes']): [Uint8Array, AttributeValue][] =>
    Object.entries(values).map(([key, value]) => [attributeKey(key), value]);
  for (const span of spans) {
    const { from, isError, isServer, lostEvents, name, parent, spanId, state, to, traceId } = span;
    writer.clear();
    writer.begin({
      traceId,
      spanId,
      parentId: parent?.spanId,
      state,
      name,
      kind: isServer ? serverKind : clientKind,
      from,
      to,
    });
    for (const [key, value] of keyed(span.attributes)) writer.attribute(key, value);
    for (const event of span.events) writer.event(event.name, event.at, keyed(event.attributes));
    for (const link of span.links) writer.link(link);
    writer.end({ isError, isOfRemote: parent?.isRemote === true, lostEvents });
    batch.add(1, writer.written);
  }
  return Buffer.from(batch.message());
}

function byTheSdk(spans: readonly Told[]): Buffer {
  const origin = resourceFromAttributes(resource);
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(spans.map(span => readable(span, origin)))!);
}

function readable(span: Told, origin: ReadableSpan['resource']): ReadableSpan {
  const { parent, spanId, state, traceId } = span;
  const own: SpanContext = {
    traceId,
    spanId,
    traceFlags: 1,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  };
  return {
    spanContext: () => own,
    ...(parent !== undefined && { parentSpanContext: { traceId, traceFlags: 1, ...parent } }),
    name: span.name,
    kind: span.isServer ? SpanKind.SERVER : SpanKind.CLIENT,
    startTime: hrTime(span.from),
    endTime: hrTime(span.to),
    duration: [0, 0],
    ended: true,
    attributes: span.attributes,
    events: span.events.map(event => ({ name: event.name, time: hrTime(event.at), attributes: event.attributes })),
    links: span.links.map(({ isSampled, ...link }) => ({
      context: { ...link, traceFlags: isSampled ? 1 : 0, isRemote: true },
    })),
    status: { code: span.isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    resource: origin,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: span.lostEvents,
    droppedLinksCount: 0,
  };
}

function hrTime(milliseconds: number): HrTime {
  const whole = Math.floor(milliseconds);
  return [Math.floor(whole / 1000), (whole % 1000) * 1e6 + Math.floor((milliseconds - whole) * 1e6)];
}

describe('a message to a collector', () => {
  it('says what the SDK of OpenTelemetry would write of the same spans', () => {
    fc.assert(
      fc.property(fc.array(told, { minLength: 1, maxLength: 4 }), spans => {
        const ours = spansIn(byUs(spans));
        expect(ours).toHaveLength(spans.length);
        expect(ours).toEqual(spansIn(byTheSdk(spans)));
      }),
      { numRuns: 150 },
    );
  });

  it('is shorter than that of the SDK', () => {
    // Fields that say nothing are left out. A length that is written in more bytes than it needs would show here.
    fc.assert(
      fc.property(told, span => {
        expect(byUs([span]).length).toBeLessThan(byTheSdk([span]).length);
      }),
      { numRuns: 100 },
    );
  });

  it('shows halves of pairs as U+FFFD', () => {
    const span = fc.sample(told, 1)[0]!;
    const [received] = spansIn(byUs([{ ...span, name: 'a\ud800b\udc00', attributes: { 'k\udc00': '\ud83d' } }]));
    expect(received).toMatchObject({ name: 'a\ufffdb\ufffd', attributes: { 'k\ufffd': '\ufffd' } });
  });
});
