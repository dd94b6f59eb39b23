import { ProtobufWriter, utf8Length, varintLength } from './protobuf-writer.js';
import type { TraceContext } from './trace-context.js';

/** What an attribute may be. Whole numbers are told as int64, others as double, as OpenTelemetry's SDK does. */
export type AttributeValue = boolean | number | string;

/** The name of an attribute, as it stands in a message: its field, and the tag of the value. */
export type AttributeKey = Uint8Array;

/** SPAN_KIND_SERVER and SPAN_KIND_CLIENT of opentelemetry/proto/trace/v1/trace.proto. */
export const [serverKind, clientKind] = [2, 3];

/** What a span begins with. Times in milliseconds since 1970. */
export interface SpanHead {
  readonly traceId: string;
  readonly spanId: string;
  /** Id of the span that it belongs to; undefined: none. */
  readonly parentId: string | undefined;
  /** Its `tracestate`. */
  readonly state: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly from: number;
  readonly to: number;
}

/** What a span ends with. */
export interface SpanEnd {
  readonly isError: boolean;
  /** Its parent is a span of another process. */
  readonly isOfRemote: boolean;
  /** Events that were left out. */
  readonly lostEvents: number;
}

/** Of trace.proto: SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK and SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK, beside the flags of W3C. */
const [sampled, isRemoteKnown, isRemote] = [1, 0x100, 0x200];

/** STATUS_CODE_ERROR. */
const errorStatus = 2;

/** Whole numbers that an int64 holds are told as such. */
const [leastInteger, mostInteger] = [-(2 ** 63), 2 ** 63];

/** Bytes that the length of a span has as a rule, and that of an event. */
const [spanRoom, eventRoom] = [2, 1];

const scratch = new ProtobufWriter();

/** Makes a key, once for many values. */
export function attributeKey(name: string): AttributeKey {
  scratch.clear();
  scratch.byte(0x0a);
  scratch.text(name);
  scratch.byte(0x12);
  return Uint8Array.from(scratch.written);
}

/**
 * Writes spans one behind the other, each as a field `spans` of ScopeSpans: a message to a collector is what stands before the first, and these bytes.
 * A span is {@link begin}, its attributes, its events, its links, {@link end}, in this order.
 */
export class SpanWriter {
  readonly #out = new ProtobufWriter();
  #start = 0;

  /** The spans since {@link clear}, until the next one: they are to be copied. */
  get written(): Uint8Array {
    return this.#out.written;
  }

  clear(): void {
    this.#out.clear();
  }

  begin({ from, kind, name, parentId, spanId, state, to, traceId }: SpanHead): void {
    const out = this.#out;
    out.byte(0x12);
    this.#start = out.open(spanRoom);
    out.byte(0x0a);
    out.hex(traceId);
    out.byte(0x12);
    out.hex(spanId);
    if (state !== undefined) {
      out.byte(0x1a);
      out.text(state);
    }
    if (parentId !== undefined) {
      out.byte(0x22);
      out.hex(parentId);
    }
    out.byte(0x2a);
    out.text(name);
    out.byte(0x30);
    out.byte(kind);
    out.byte(0x39);
    out.nanoseconds(from);
    out.byte(0x41);
    out.nanoseconds(to);
  }

  /** Undefined: there is no such attribute. */
  attribute(key: AttributeKey, value: AttributeValue | undefined): void {
    if (value !== undefined) writeAttribute(this.#out, 0x4a, key, value);
  }

  /** `at`: milliseconds since 1970. */
  event(name: string, at: number, attributes: Iterable<readonly [AttributeKey, AttributeValue]>): void {
    const out = this.#out;
    out.byte(0x5a);
    const start = out.open(eventRoom);
    out.byte(0x09);
    out.nanoseconds(at);
    out.byte(0x12);
    out.text(name);
    for (const [key, value] of attributes) writeAttribute(out, 0x1a, key, value);
    out.close(start, eventRoom);
  }

  /** Points at a span of another process. */
  link({ isSampled, spanId, traceId }: Pick<TraceContext, 'isSampled' | 'spanId' | 'traceId'>): void {
    const out = this.#out;
    out.byte(0x6a);
    // Two ids and the flags.
    out.byte(2 + 16 + 2 + 8 + 5);
    out.byte(0x0a);
    out.hex(traceId);
    out.byte(0x12);
    out.hex(spanId);
    out.byte(0x35);
    out.fixed32((isSampled ? sampled : 0) | isRemoteKnown | isRemote);
  }

  end({ isError, isOfRemote, lostEvents }: SpanEnd): void {
    const out = this.#out;
    if (lostEvents > 0) {
      out.byte(0x60);
      out.varint(lostEvents);
    }
    if (isError) {
      out.byte(0x7a);
      out.byte(2);
      out.byte(0x18);
      out.byte(errorStatus);
    }
    // Field 16: its tag has two bytes.
    out.varint((16 << 3) | 5);
    // What is exported is sampled now, also where the beginning decided otherwise.
    out.fixed32(sampled | isRemoteKnown | (isOfRemote ? isRemote : 0));
    out.close(this.#start, spanRoom);
  }
}

/** What stands before the spans in each message: the fields `resource` of ResourceSpans and `scope` of ScopeSpans. */
export interface SpanSource {
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
}

/** Writes where spans come from, once for all messages. */
export function spanSource(
  resource: Readonly<Record<string, AttributeValue>>,
  scope: { readonly name: string; readonly version: string },
): SpanSource {
  const out = new ProtobufWriter();
  const field = (write: () => void): Uint8Array => {
    out.clear();
    out.byte(0x0a);
    const start = out.open(eventRoom);
    write();
    out.close(start, eventRoom);
    return Uint8Array.from(out.written);
  };
  return {
    resource: field(() => {
      for (const [name, value] of Object.entries(resource)) writeAttribute(out, 0x0a, attributeKey(name), value);
    }),
    scope: field(() => {
      out.byte(0x0a);
      out.text(scope.name);
      out.byte(0x12);
      out.text(scope.version);
    }),
  };
}

/** A KeyValue of common.proto, as a field of which `tag` is the tag. */
function writeAttribute(out: ProtobufWriter, tag: number, key: AttributeKey, value: AttributeValue): void {
  out.byte(tag);
  if (typeof value === 'string') {
    const length = utf8Length(value);
    writeKey(out, key, 1 + varintLength(length) + length);
    out.byte(0x0a);
    out.text(value, length);
  } else if (typeof value === 'boolean') {
    writeKey(out, key, 2);
    out.byte(0x10);
    out.byte(value ? 1 : 0);
  } else if (Number.isInteger(value) && value >= leastInteger && value < mostInteger) {
    writeKey(out, key, 1 + varintLength(value));
    out.byte(0x18);
    out.varint(value);
  } else {
    writeKey(out, key, 9);
    out.byte(0x21);
    out.double(value);
  }
}

/** What stands before a value of so many bytes. */
function writeKey(out: ProtobufWriter, key: AttributeKey, length: number): void {
  out.varint(key.length + varintLength(length) + length);
  out.raw(key);
  out.varint(length);
}
