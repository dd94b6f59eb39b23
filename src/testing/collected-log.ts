import type { INestApplicationContext } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import { LogDestination } from '../logging/destination.js';
import type { Sink, Written } from '../logging/sink.js';

/** A line of the log: `level` is a number of pino (30 is `info`), `msg` its text; access lines have `method`, `path`, `status`, `route` and more. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Bytes of log that are kept; older lines are forgotten. */
const mostKept = 16 * 1024 * 1024;

/** Keeps a log as parsed lines. */
export class CollectedLog implements Sink {
  readonly #lines: { readonly line: LogLine; readonly bytes: number }[] = [];
  #kept = 0;
  /** The beginning of a line whose end is still to come. */
  #rest = '';

  write(chunk: Buffer, done: Written): void {
    this.writeNow(chunk);
    done();
  }

  writeNow(chunk: Buffer): void {
    const lines = `${this.#rest}${chunk.toString('utf8')}`.split('\n');
    this.#rest = lines.pop()!;
    for (const text of lines) this.#add(text);
  }

  /** All lines so far, those that the gateway still holds among them. */
  linesOf(app: INestApplicationContext): LogLine[] {
    app.get(LogDestination, { strict: false }).flushSync();
    return this.#lines.map(({ line }) => line);
  }

  /** Looks until something is found. */
  async wait(find: () => LogLine | undefined, within: number): Promise<LogLine> {
    const end = performance.now() + within;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (performance.now() >= end) {
        const all = this.#lines.map(({ line }) => JSON.stringify(line)).join('\n');
        throw new Error(`no such line within ${within} ms in the log:\n${all}`);
      }
      await setTimeout(5);
    }
  }

  #add(text: string): void {
    if (text === '') return;
    const bytes = text.length;
    this.#lines.push({ line: parsed(text), bytes });
    for (this.#kept += bytes; this.#kept > mostKept;) this.#kept -= this.#lines.shift()!.bytes;
  }
}

function parsed(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    // Another format was asked for.
    return { msg: text };
  }
}
