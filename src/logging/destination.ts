import type { Sink } from './sink.js';

/** How a {@link LogDestination} buffers. */
export interface DestinationOptions {
  /** Turns a JSON line into what is shown; default: as it is. */
  readonly format?: (line: string) => string;
  /** Characters gathered before they are written; default 65536. */
  readonly chunk?: number;
  /** Milliseconds until a smaller chunk is written all the same; default 500. */
  readonly interval?: number;
  /** Characters held while the reader does not read; lines beyond are dropped and counted. Default 4 Mi. */
  readonly limit?: number;
}

const readerGone = new Set(['EPIPE', 'EBADF', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/**
 * The one buffer that all log lines go through, application's and access alike: whole lines, in order, written in chunks.
 * It never throws and never blocks traffic. A slow reader costs lines (counted in `dropped`, and told in a line of the
 * log once the reader reads again); a reader that went away ends the log quietly.
 */
export class LogDestination {
  /** Lines that were lost since the start. */
  dropped = 0;
  #told = 0;
  #text = '';
  #underWay = 0;
  #gone = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  /** Number of the last chunk that was given to the sink. */
  #sent = 0;
  #waiting: { readonly chunk: number; readonly resolve: () => void }[] = [];
  readonly #format: ((line: string) => string) | undefined;
  readonly #chunk: number;
  readonly #interval: number;
  readonly #limit: number;
  readonly #atExit = (): void => this.flushSync();

  constructor(
    readonly sink: Sink,
    { format, chunk = 65_536, interval = 500, limit = 4 << 20 }: DestinationOptions = {},
  ) {
    this.#format = format;
    this.#chunk = chunk;
    this.#interval = interval;
    this.#limit = limit;
    process.on('exit', this.#atExit);
  }

  /** Takes one JSON line, its line end included. Pino calls it as well. */
  write(line: string): void {
    if (this.#format !== undefined) line = this.#format(line);
    if (this.#gone || this.#underWay + this.#text.length + line.length > this.#limit) {
      this.dropped++;
      return;
    }
    this.#text += line;
    if (this.#closed) this.flushSync();
    else if (this.#underWay > 0) return;
    else if (this.#text.length >= this.#chunk) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), this.#interval).unref();
  }

  /** Resolves when all lines so far are written, or could not be within `deadline` milliseconds (default 1000). Never rejects. */
  flush(deadline = 1000): Promise<void> {
    if (this.#underWay === 0) this.#send();
    if (this.#underWay === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadline);
    this.#waiting.push({ chunk: this.#sent + (this.#text === '' ? 0 : 1), resolve });
    return promise.finally(() => clearTimeout(timer));
  }

  /** Hands over at once what is buffered, without waiting for a reader or for the write under way: at exit, and by pino after a fatal line. */
  flushSync(): void {
    if (this.#gone || this.#text === '') return;
    const text = this.#take();
    try {
      this.sink.writeNow(text);
    } catch (error) {
      this.#lost(text, error as NodeJS.ErrnoException);
    }
  }

  /** Flushes and stops buffering: lines that still come are written at once. */
  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    process.off('exit', this.#atExit);
    this.flushSync();
  }

  #take(): string {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text;
    this.#text = '';
    return text;
  }

  #send(): void {
    const lines = this.#take();
    const untold = this.dropped - this.#told;
    const text = untold === 0 ? lines : lines + this.#notice(untold);
    this.#told = this.dropped;
    if (text === '' || this.#gone) return;
    this.#sent++;
    this.#underWay = text.length;
    this.sink.write(text, error => this.#written(lines, error));
  }

  #written(lines: string, error: NodeJS.ErrnoException | null | undefined): void {
    this.#underWay = 0;
    if (error) this.#lost(lines, error);
    const done = this.#waiting.filter(({ chunk }) => chunk <= this.#sent || this.#gone);
    this.#waiting = this.#waiting.filter(({ chunk }) => chunk > this.#sent && !this.#gone);
    for (const { resolve } of done) resolve();
    if (this.#text.length >= this.#chunk || this.#waiting.length > 0) this.#send();
    else if (this.#text !== '') this.#timer ??= setTimeout(() => this.#send(), this.#interval).unref();
  }

  #lost(lines: string, error: NodeJS.ErrnoException): void {
    this.#gone = readerGone.has(error.code ?? '');
    this.dropped += countLines(lines);
    if (this.#gone) this.dropped += countLines(this.#take());
  }

  #notice(count: number): string {
    const line = `{"level":40,"time":${Date.now()},"dropped":${count},"msg":"log lines dropped: the reader is too slow or the disk is full"}\n`;
    return this.#format === undefined ? line : this.#format(line);
  }
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}
