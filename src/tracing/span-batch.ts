import { varintLength, ProtobufWriter } from './protobuf-writer.js';
import type { SpanSource } from './span-writer.js';

/** What one message to a collector holds at most: spans, and bytes of them. Collectors refuse messages of many megabytes. */
export const [mostSpans, mostBytes] = [512, 1_048_576];

/** Room for the tags and lengths before the first span. */
const tags = 16;

/** The room that a message has at first: for some thirty spans. */
const leastRoom = 16_384;

/** Spans that go to the collector in one message (ExportTraceServiceRequest of OTLP), which is written in place as they come. */
export class SpanBatch {
  spans = 0;
  readonly #start: number;
  #end: number;
  #bytes: Buffer;

  /** `room`: bytes that its spans may need. */
  constructor(
    private readonly source: SpanSource,
    room = leastRoom,
  ) {
    this.#start = tags + source.resource.length + source.scope.length;
    this.#end = this.#start;
    this.#bytes = Buffer.allocUnsafeSlow(this.#start + Math.max(room, leastRoom));
  }

  /** Bytes of its spans. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** It may have so many spans more, of so many bytes. */
  fits(spans: number, bytes: number): boolean {
    return this.spans + spans <= mostSpans && this.size + bytes <= mostBytes;
  }

  /** Copies spans, as a `SpanWriter` has written them. */
  add(spans: number, written: Uint8Array): void {
    const end = this.#end + written.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, end));
      this.#bytes.copy(larger, this.#start, this.#start, this.#end);
      this.#bytes = larger;
    }
    this.#bytes.set(written, this.#end);
    this.#end = end;
    this.spans += spans;
  }

  /** The whole message. */
  message(): Uint8Array {
    const { resource, scope } = this.source;
    const ofScope = scope.length + this.size;
    const head = new ProtobufWriter();
    head.byte(0x0a);
    head.varint(resource.length + 1 + varintLength(ofScope) + ofScope);
    head.raw(resource);
    head.byte(0x12);
    head.varint(ofScope);
    head.raw(scope);
    const from = this.#start - head.written.length;
    this.#bytes.set(head.written, from);
    return this.#bytes.subarray(from, this.#end);
  }
}
