import { Injectable } from '@nestjs/common';
import { errorTable } from '../../http/gateway-error.js';
import type { ExchangeRecord } from '../../http/exchange-record.js';
import { Beats } from './beats.js';
import { RecentFailures } from './recent-failures.js';
import { RecentWindow, rowWidth } from './recent-window.js';

/**
 * How long ago what is shown may have been: a minute, by seconds for all traffic together, by tens of seconds for the parts of it. The second
 * that is not over is not shown, and a reader may be late by one.
 */
const [seconds, tens] = [62, 6];

/** Rows with their names, as plain data: the row of the name n begins at n times {@link rowWidth}. */
export interface NamedRows<Name = string> {
  readonly names: readonly Name[];
  readonly rows: Uint32Array;
}

/** The traffic of the last minute in this thread: all of it by seconds, and that of each route and each error. */
@Injectable()
export class RecentTraffic {
  readonly failures = new RecentFailures();
  readonly #all: RecentWindow;
  readonly #routes = new Map<string, RecentWindow>();
  readonly #errors = new Map<string, RecentWindow>();

  constructor(private readonly beats: Beats = new Beats()) {
    this.#all = new RecentWindow(beats.seconds, seconds);
  }

  /** The window of a route, which its exchanges are recorded in. */
  route(name: string): RecentWindow {
    let window = this.#routes.get(name);
    if (window === undefined) this.#routes.set(name, (window = this.window()));
    return window;
  }

  /** A window of the last minute, for what is counted elsewhere. */
  window(): RecentWindow {
    return new RecentWindow(this.beats.tens, tens);
  }

  /** An exchange has ended. `milliseconds`: negative where its duration does not count. */
  ended(record: ExchangeRecord, failed: boolean, milliseconds: number, route: RecentWindow): void {
    this.#all.record(record.status, failed, milliseconds);
    route.record(record.status, failed, milliseconds);
    if (!failed && record.errorCode === undefined) return;
    this.failures.add(record, failed);
    if (record.errorCode !== undefined) this.#error(record, record.errorCode).record(0, failed, -1);
  }

  /** The rows of the seconds in which anything ended, with the seconds since 1970 as their names. */
  get bySecond(): NamedRows<number> {
    const all = [...this.#all.recent()];
    const rows = new Uint32Array(all.length * rowWidth);
    all.forEach(([, row], index) => rows.set(row, index * rowWidth));
    return { names: all.map(([second]) => second), rows };
  }

  get byRoute(): NamedRows {
    return rowsOf(this.#routes);
  }

  /** By the code of the error, its status, and the policy or limit that it was: `DENIED 429 rate-limit`, `RESET 502 none`. */
  get byError(): NamedRows {
    return rowsOf(this.#errors);
  }

  #error({ error, errorReason, status }: ExchangeRecord, code: string): RecentWindow {
    const place = code === 'QUEUE_FULL' && errorReason?.endsWith('.maxConnections') === true ? errorReason : 'none';
    const name = `${Object.hasOwn(errorTable, code) ? code : 'other'} ${status} ${error?.origin.policy ?? place}`;
    let window = this.#errors.get(name);
    if (window === undefined) this.#errors.set(name, (window = this.window()));
    return window;
  }
}

/** The rows of the windows in which anything was counted. */
export function rowsOf<Name>(windows: Iterable<readonly [Name, RecentWindow]>): NamedRows<Name> {
  const names: Name[] = [];
  const all = [...windows];
  const rows = new Uint32Array(all.length * rowWidth);
  for (const [name, window] of all) if (window.addTo(rows, names.length * rowWidth)) names.push(name);
  return { names, rows: rows.slice(0, names.length * rowWidth) };
}
