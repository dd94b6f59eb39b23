import { mostBytes, mostSpans, SpanBatch } from './span-batch.js';
import type { ExportError, SpanExporter } from './span-exporter.js';
import type { SpanSource } from './span-writer.js';
import type { TracingParts } from './trace-pipeline.js';

/** Messages to the collector that may wait in a thread: 2048 spans in all. */
export const mostWaiting = 4;

/** Milliseconds for which a message waits for more spans. */
const delay = 1000;

/**
 * Spans that wait for the collector. One message is under way at a time, when it is full or a second after its first span; more only when everything is
 * flushed. Counts what becomes of spans, and says once that the collector cannot be reached, and once that it can again.
 */
export class SpanQueue {
  /** The oldest first; the last one is being filled. */
  readonly #waiting: SpanBatch[] = [];
  /** Bytes that the last message has needed: the next one will need as many. */
  #room = 0;
  /** Spans that are under way to the collector. */
  #pending = 0;
  /** Messages that are: the exporter refuses too many. */
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isSending = false;
  #isFailing = false;
  #isOver = false;

  /** `timeLimit`: milliseconds after which the next message does not wait for the last one any longer. */
  constructor(
    private readonly source: SpanSource,
    private readonly exporter: SpanExporter,
    private readonly timeLimit: number,
    private readonly parts: TracingParts,
  ) {}

  /** So many spans may have room: only then they need be written. */
  hasRoom(spans: number): boolean {
    return !this.#isOver && (this.#waiting.length < mostWaiting || this.#waiting.at(-1)?.fits(spans, 0) === true);
  }

  /** Takes the spans of one exchange, which are told together or not at all. False: there is no room. */
  add(spans: number, written: Uint8Array): boolean {
    let last = this.#waiting.at(-1);
    if (last?.fits(spans, written.length) !== true) {
      if (this.#waiting.length === mostWaiting || written.length > mostBytes) return false;
      last = new SpanBatch(this.source, this.#room);
      this.#waiting.push(last);
    }
    last.add(spans, written);
    this.#schedule();
    return true;
  }

  /** Sends everything now; settles when the collector has it, or will not have it. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0) void this.#send();
    await Promise.all(this.#underWay);
  }

  /** The end: what is not exported within so many milliseconds never will be. */
  async close(within: number): Promise<void> {
    await settled(this.flush(), within);
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#pending > 0) this.parts.counts.count('failed', this.#pending);
  }

  #schedule(): void {
    const [first, second] = this.#waiting;
    if (this.#isSending || first === undefined) return;
    if (first.spans === mostSpans || second !== undefined) void this.#sendOne();
    else this.#timer ??= setTimeout(() => void this.#sendOne(), delay).unref();
  }

  async #sendOne(): Promise<void> {
    this.#isSending = true;
    await settled(this.#send(), this.timeLimit);
    this.#isSending = false;
    this.#schedule();
  }

  /** Sends the oldest message. */
  #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting.shift()!;
    this.#room = batch.size;
    this.#pending += batch.spans;
    const sent = this.exporter.export(batch.message()).then(error => {
      this.#underWay.delete(sent);
      if (this.#isOver) return;
      this.#pending -= batch.spans;
      this.#tell(batch.spans, error);
    });
    this.#underWay.add(sent);
    return sent;
  }

  #tell(spans: number, error: ExportError | undefined): void {
    const { counts, log } = this.parts;
    const hasFailed = error !== undefined;
    counts.count(hasFailed ? 'failed' : 'exported', spans);
    if (hasFailed === this.#isFailing) return;
    this.#isFailing = hasFailed;
    if (hasFailed) log.warn({ reason: reasonOf(error) }, 'traces cannot be exported');
    else log.info('traces are exported again');
  }
}

/** What has failed. The exporter's error for an answer has the reason phrase alone as its message: often there is none. */
function reasonOf({ code, message }: ExportError): string {
  return typeof code === 'number' ? `the collector answered ${code}` : message;
}

/** Waits, but not longer than so many milliseconds. */
async function settled(done: Promise<void>, within: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, within);
  await Promise.race([done, promise]);
  clearTimeout(timer);
}
