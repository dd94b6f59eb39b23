import { fieldsOf, type ProtobufFields } from './protobuf.js';

type Value = string | number | boolean | undefined;
type Attributes = Readonly<Record<string, Value>>;

/** A span as a collector gets it (opentelemetry/proto/trace/v1/trace.proto). */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentId: string;
  readonly traceState: string;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly time: bigint; readonly attributes: Attributes }[];
  /** Events that were left out. */
  readonly lostEvents: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly flags: number }[];
  readonly isError: boolean;
  readonly flags: number;
  /** The resource that it comes from. */
  readonly resource: Attributes;
  readonly scope: string;
  readonly scopeVersion: string;
}

/** The spans of an ExportTraceServiceRequest. @throws Error where it is not one. */
export function spansIn(body: Buffer): ReceivedSpan[] {
  return fieldsOf(body)
    .messages(1)
    .flatMap(resourceSpans => {
      const resource = attributesOf(resourceSpans.messages(1)[0]!, 1);
      return resourceSpans.messages(2).flatMap(scopeSpans => {
        const scope = scopeSpans.messages(1)[0]!;
        const origin = { resource, scope: scope.text(1), scopeVersion: scope.text(2) };
        return scopeSpans.messages(2).map(span => ({ ...spanOf(span), ...origin }));
      });
    });
}

function spanOf(span: ProtobufFields): Omit<ReceivedSpan, 'resource' | 'scope' | 'scopeVersion'> {
  const kind = span.integer(6);
  if (kind !== 2n && kind !== 3n) throw new Error(`a span of kind ${kind}`);
  return {
    traceId: span.hex(1),
    spanId: span.hex(2),
    traceState: span.text(3),
    parentId: span.hex(4),
    name: span.text(5),
    kind: kind === 2n ? 'server' : 'client',
    start: span.integer(7),
    end: span.integer(8),
    attributes: attributesOf(span, 9),
    events: span.messages(11).map(event => ({
      time: event.integer(1),
      name: event.text(2),
      attributes: attributesOf(event, 3),
    })),
    lostEvents: Number(span.integer(12)),
    links: span.messages(13).map(link => ({
      traceId: link.hex(1),
      spanId: link.hex(2),
      flags: Number(link.integer(6)),
    })),
    isError: span.messages(15)[0]?.integer(3) === 2n,
    flags: Number(span.integer(16)),
  };
}

/** A list of KeyValue: key = 1, value = 2, an AnyValue. */
function attributesOf(message: ProtobufFields, field: number): Attributes {
  return Object.fromEntries(message.messages(field).map(pair => [pair.text(1), valueOf(pair.messages(2)[0])] as const));
}

function valueOf(value: ProtobufFields | undefined): Value {
  if (value === undefined) return undefined;
  if (value.has(1)) return value.text(1);
  if (value.has(2)) return value.integer(2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, value.integer(3)));
  if (value.has(4)) return value.double(4);
  throw new Error('a value of a kind that spans do not have');
}
