import { LineBuffer } from './line-buffer.js';
import type { Sink } from './sink.js';

/** How a {@link LogDestination} buffers. */
export interface DestinationOptions {
  /** Formats the JSON lines of {@link LogDestination.write} for output; default: unchanged. */
  readonly format?: ((line: string) => string) | undefined;
  /** Told how many lines were lost, once more can be written. Default: a line of the log itself says it. */
  readonly onDropped?: ((count: number) => void) | undefined;
  /** Told of the first write that fails, and by undefined when one has succeeded again. */
  readonly onTrouble?: ((error: NodeJS.ErrnoException | undefined) => void) | undefined;
  /** Bytes gathered before they are written; default 65536. */
  readonly chunk?: number;
  /** Milliseconds after which a smaller chunk is written; default 500. */
  readonly interval?: number;
  /** Bytes held while the reader does not read; lines beyond are dropped and counted. Default 4 Mi. */
  readonly limit?: number;
}

/** Room for the line that fills a chunk, in bytes. */
const lastLine = 8 * 1024;

const lineEnd = 0x0a;
const readerGone = new Set(['EPIPE', 'EBADF', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/**
 * The destinations that hold lines. A gateway that could not be made never closes its destination, so an empty one must not
 * stay in this set.
 */
const holding = new Set<LogDestination>();

const flushAll = (): void => {
  for (const each of holding) each.flushSync();
};

function flushAtExit(destination: LogDestination): void {
  if (holding.size === 0) process.on('exit', flushAll);
  holding.add(destination);
}

function forget(destination: LogDestination): void {
  if (holding.delete(destination) && holding.size === 0) process.off('exit', flushAll);
}

/**
 * The one buffer that all log lines go through, those of the application and the access log: whole lines, in order, written in
 * chunks. It never throws and never blocks traffic. When the reader is slow, lines are dropped (counted in `dropped`, and
 * reported in a line of the log once the reader reads again); when the reader has gone away, the log ends without an error.
 *
 * pino's own destination, sonic-boom, does not keep these promises: at exit it waits for a slow reader in a loop of 100 ms
 * sleeps; when the disk is full it retries a chunk without end and counts no loss; it throws for a line after its end; and it
 * keeps an object for each line. It reopens only files that it has opened by name, and this log goes to standard output.
 */
export class LogDestination {
  /** Lines that were lost since the start. */
  dropped = 0;
  #reported = 0;
  /** What {@link #reported} becomes when the chunk under way is written. */
  #reporting = 0;
  readonly #lines: LineBuffer;
  /** Bytes of {@link #lines} that are whole lines. */
  #whole = 0;
  #underWay = 0;
  #gone = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  /** Number of the last chunk that the sink was given. */
  #sent = 0;
  #waiting: { readonly chunk: number; readonly resolve: () => void }[] = [];
  #format: DestinationOptions['format'];
  readonly #onDropped: DestinationOptions['onDropped'];
  readonly #onTrouble: DestinationOptions['onTrouble'];
  #isTroubled = false;
  readonly #chunk: number;
  readonly #interval: number;
  readonly #limit: number;

  constructor(
    readonly sink: Sink,
    { format, onDropped, onTrouble, chunk = 65_536, interval = 500, limit = 4 << 20 }: DestinationOptions = {},
  ) {
    this.#format = format;
    this.#onDropped = onDropped;
    this.#onTrouble = onTrouble;
    this.#chunk = chunk;
    this.#lines = new LineBuffer(chunk + lastLine);
    this.#interval = interval;
    this.#limit = limit;
  }

  /** Formats lines in another way from now on; undefined: not at all. */
  use(format: DestinationOptions['format']): void {
    this.#format = format;
  }

  /** Takes one JSON line, its line end included. Pino calls it as well. */
  write(line: string): void {
    this.begin().text(this.#format === undefined ? line : this.#format(line));
    this.end();
  }

  /** The buffer for writing one line as it is to be, its line end included; {@link end} then adds the line. */
  begin(): LineBuffer {
    this.#lines.length = this.#whole;
    return this.#lines;
  }

  /** Adds the line that has been written since {@link begin}. */
  end(): void {
    const lines = this.#lines;
    if (this.#gone || this.#underWay + lines.length > this.#limit) {
      lines.length = this.#whole;
      this.dropped++;
      return;
    }
    if (this.#whole === 0) flushAtExit(this);
    this.#whole = lines.length;
    if (this.#closed) this.flushSync();
    else if (this.#underWay > 0) return;
    else if (this.#whole >= this.#chunk) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), this.#interval).unref();
  }

  /** Resolves when all lines so far are written, or after `deadline` milliseconds (default 1000). Never rejects. */
  flush(deadline = 1000): Promise<void> {
    if (this.#underWay === 0) this.#send();
    if (this.#underWay === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadline);
    this.#waiting.push({ chunk: this.#sent + (this.#whole === 0 ? 0 : 1), resolve });
    return promise.finally(() => clearTimeout(timer));
  }

  /** Writes the buffer at once, without waiting for a reader or for the write under way. Used at exit, and by pino after a fatal line. */
  flushSync(): void {
    if (this.#gone || this.#whole === 0) return;
    const lines = this.#take();
    try {
      this.sink.writeNow(lines);
    } catch (error) {
      this.#lost(lines, error as NodeJS.ErrnoException);
    }
  }

  /** Flushes and stops buffering: later lines are written at once. */
  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    this.flushSync();
  }

  #take(): Buffer {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.begin().take();
    this.#whole = 0;
    forget(this);
    return lines;
  }

  #send(): void {
    this.#reporting = this.dropped;
    const lines = this.#take();
    const chunk = this.#withNotice(lines);
    if (chunk.length === 0 || this.#gone) return;
    this.#sent++;
    this.#underWay = chunk.length;
    this.sink.write(chunk, (error, written) => {
      this.#underWay = 0;
      if (error) this.#lost(lines.subarray(written), error);
      else this.#written();
      this.#goOn();
    });
  }

  #written(): void {
    if (this.#isTroubled) this.#tell(undefined);
    const count = this.#reporting - this.#reported;
    if (count > 0) this.#onDropped?.(count);
    this.#reported = this.#reporting;
  }

  #goOn(): void {
    const done = this.#waiting.filter(({ chunk }) => chunk <= this.#sent || this.#gone);
    this.#waiting = this.#waiting.filter(({ chunk }) => chunk > this.#sent && !this.#gone);
    for (const { resolve } of done) resolve();
    if (this.#whole >= this.#chunk || this.#waiting.length > 0) this.#send();
    else if (this.#whole > 0) this.#timer ??= setTimeout(() => this.#send(), this.#interval).unref();
  }

  #lost(lines: Buffer, error: NodeJS.ErrnoException): void {
    this.#gone = readerGone.has(error.code ?? '');
    if (!this.#isTroubled) this.#tell(error);
    this.dropped += countLines(lines);
    if (this.#gone) this.dropped += countLines(this.#take());
  }

  #tell(error: NodeJS.ErrnoException | undefined): void {
    this.#isTroubled = error !== undefined;
    this.#onTrouble?.(error);
  }

  #withNotice(lines: Buffer): Buffer {
    const count = this.#reporting - this.#reported;
    return count === 0 || this.#onDropped !== undefined ? lines : Buffer.concat([lines, this.#notice(count)]);
  }

  #notice(count: number): Buffer {
    const line = `{"level":40,"time":${Date.now()},"dropped":${count},"msg":"log lines dropped: the reader is too slow or the disk is full"}\n`;
    return Buffer.from(this.#format === undefined ? line : this.#format(line));
  }
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(lineEnd); at >= 0; at = lines.indexOf(lineEnd, at + 1)) count++;
  return count;
}
