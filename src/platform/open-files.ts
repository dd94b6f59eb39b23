import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { isExhausted } from './exhausted.js';
import { Shortage } from './shortage.js';

/** Descriptors that are kept for everything but connections: logs, listeners, event loops, probes, look-ups of names. */
const reserve = 64;

/** The same for each further thread: its event loop, its listeners, what it asks. */
const reserveOfThread = 16;

/** Connections that operators may have at most, and at least. */
const [mostOfAdmin, leastOfAdmin] = [256, 4];

/** What a connection is for. Each kind has a share of its own, so that none can take the others' descriptors. */
type Kind = 'clients' | 'backends';

/** Counts that all threads share, by key; a space of a `CountTable` is one. */
interface Counts {
  /** Counts one more, and gives a number to leave by; a negative one when that would be more than `limit`. */
  enter(key: string, limit: number): number;
  leave(entered: number): void;
}

/**
 * The descriptors of this process, shared by all listeners, the connections to backends and the admin side. Of what is left beside a
 * reserve, a sixteenth is for the admin side (4 to 256), and clients and backends have half of the rest each: a client needs one at a backend as well.
 * No limit where the system does not tell one (it does on Linux).
 */
export class OpenFiles {
  /** Tells who listens when descriptors run out and when they suffice again. */
  readonly shortage: Shortage;
  /** Connections that the admin listener takes. */
  readonly admin: number;
  /** Connections that clients may have with all listeners together, and as many to backends. */
  share: number;
  /** Those that this thread counts by itself. */
  readonly #open: Record<Kind, number> = { clients: 0, backends: 0 };
  /** How to leave those that are counted for all threads. */
  readonly #leaves: Record<Kind, (() => void)[]> = { clients: [], backends: [] };
  #counts: Counts | undefined;

  /** `limit`: descriptors that the process may have open. */
  constructor(private readonly limit: number) {
    const most = Math.max(0, limit - reserve);
    this.admin = Math.min(mostOfAdmin, Math.max(leastOfAdmin, Math.floor(most / 16)));
    this.share = this.#shareOf(1);
    this.shortage = new Shortage(limit);
  }

  /**
   * From now on the descriptors are shared by so many threads, which all count by `counts`. Gives a function that ends this; connections that are open by
   * then are given back where they were counted.
   */
  countWith(counts: Counts, threads: number): () => void {
    this.#counts = counts;
    this.share = this.#shareOf(threads);
    return () => {
      if (this.#counts !== counts) return;
      this.#counts = undefined;
      this.share = this.#shareOf(1);
    };
  }

  /** Counts a connection that is about to be opened; false: there is no descriptor for it. After true the caller must {@link give} once. */
  take(kind: Kind): boolean {
    if (this.#counts === undefined ? this.#countHere(kind) : this.#countTogether(kind, this.#counts)) return true;
    this.shortage.met();
    return false;
  }

  /** A connection that was taken has closed. */
  give(kind: Kind): void {
    const leave = this.#leaves[kind].pop();
    if (leave === undefined) this.#open[kind]--;
    else leave();
  }

  /** Calls {@link give} when the connection closes, and reports a shortage when the system itself had no descriptor for it. */
  giveWhenClosed(kind: Kind, socket: Duplex): void {
    socket.once('close', () => this.give(kind));
    socket.once('error', error => {
      if (isExhausted(error)) this.shortage.met();
    });
  }

  #countHere(kind: Kind): boolean {
    if (this.#open[kind] >= this.share) return false;
    this.#open[kind]++;
    return true;
  }

  #countTogether(kind: Kind, counts: Counts): boolean {
    const entered = counts.enter(kind, this.share);
    if (entered < 0) return false;
    this.#leaves[kind].push(() => counts.leave(entered));
    return true;
  }

  #shareOf(threads: number): number {
    const most = Math.max(0, this.limit - reserve - (threads - 1) * reserveOfThread);
    return Math.max(1, Math.floor((most - this.admin) / 2));
  }
}

/** The descriptors of this process. Node has raised its limit to the hard one by the time this is read. */
export const openFiles = new OpenFiles(openFilesLimit());

/** The limit that `/proc/self/limits` says; Infinity where it says none. */
export function openFilesLimit(limits: () => string = readLimits): number {
  const most = /^Max open files\s+(\d+)/m.exec(limits())?.[1];
  return most === undefined ? Infinity : Number(most);
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
