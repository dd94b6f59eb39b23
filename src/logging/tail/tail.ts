import { Injectable, Optional } from '@nestjs/common';
import type { ExchangeRecord } from '../../http/exchange-record.js';
import { plainShape, writeAccessLine } from '../access-line.js';
import { AccessLog } from '../access-log.js';
import { LineBuffer } from '../line-buffer.js';
import { levelOf } from '../outcome.js';
import { TailMatch, type TailFilter } from './tail-filter.js';

/** Lines for a watcher, in the order in which their exchanges ended. */
export interface TailBatch {
  /** Access lines: JSON, without line ends. */
  readonly lines: readonly string[];
  /** How many were left out since the batch before, because the watcher was too slow. */
  readonly dropped: number;
}

/** Takes lines. The next batch comes after `next` is called, and not before: so no more waits than one batch and one queue. */
export type TakeBatch = (batch: TailBatch, next: () => void) => void;

/** Where watchers get their lines from: this thread, or several. */
export interface TailSource {
  /** Begins to watch. `id`: chosen by the caller, for {@link unwatch}. */
  watch(id: number, filter: TailFilter, take: TakeBatch): void;
  unwatch(id: number): void;
}

/** Lines and characters that wait for one watcher; what comes then is dropped. */
const [mostLines, mostCharacters] = [500, 256 * 1024];
/** Milliseconds for which lines are collected before they are sent. */
const collected = 50;

/**
 * Shows the exchanges that end in this thread to watchers, as the access log writes them: but without samples, levels and exclusions, and without
 * request headers. While there is no watcher, an exchange pays for one look at {@link isWatched}.
 */
@Injectable()
export class Tail implements TailSource {
  isWatched = false;
  readonly #watchers = new Map<number, Watcher>();
  readonly #buffer = new LineBuffer(2_048);

  /** `access`: says how its lines are written; they are written so, too. */
  constructor(@Optional() private readonly access?: AccessLog) {}

  watch(id: number, filter: TailFilter, take: TakeBatch): void {
    this.unwatch(id);
    this.#watchers.set(id, new Watcher(new TailMatch(filter), take));
    this.isWatched = true;
  }

  unwatch(id: number): void {
    this.#watchers.get(id)?.end();
    this.#watchers.delete(id);
    this.isWatched = this.#watchers.size > 0;
  }

  /** An exchange has ended. To be called only while {@link isWatched}. */
  closed(record: ExchangeRecord): void {
    let line: string | undefined;
    for (const watcher of this.#watchers.values()) {
      if (watcher.wants(record)) watcher.add((line ??= this.#lineOf(record)));
    }
  }

  #lineOf(record: ExchangeRecord): string {
    this.#buffer.length = 0;
    writeAccessLine(this.#buffer, record, Date.now(), levelOf(record), this.access?.shape ?? plainShape);
    return this.#buffer.since(0).trimEnd();
  }
}

/** What waits for one watcher. */
class Watcher {
  #lines: string[] = [];
  #characters = 0;
  #dropped = 0;
  /** It has got a batch, and has not asked for the next. */
  #isBusy = false;
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly match: TailMatch,
    private readonly take: TakeBatch,
  ) {}

  wants(record: ExchangeRecord): boolean {
    return this.match.matches(record);
  }

  add(line: string): void {
    if (this.#lines.length >= mostLines || this.#characters + line.length > mostCharacters) this.#dropped++;
    else {
      this.#lines.push(line);
      this.#characters += line.length;
    }
    this.#arm();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#hasEnded = true;
  }

  #arm(): void {
    if (this.#isBusy || this.#hasEnded) return;
    this.#timer ??= setTimeout(() => this.#send(), collected).unref();
  }

  #send(): void {
    this.#timer = undefined;
    const batch = { lines: this.#lines, dropped: this.#dropped };
    [this.#lines, this.#characters, this.#dropped, this.#isBusy] = [[], 0, 0, true];
    this.take(batch, () => {
      this.#isBusy = false;
      if (this.#lines.length > 0 || this.#dropped > 0) this.#arm();
    });
  }
}
