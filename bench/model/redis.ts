import { choose, exponential, type Chance } from '#bench/model/chance';

/** Gateways that ask one Redis server once for each limited request. Times in seconds. */
export interface Asking {
  /** Limited requests a second, over all gateways. */
  readonly rate: number;
  /** What one takes of the server's only thread. */
  readonly service: number;
  readonly requests: number;
}

/** What they wait, beyond the network and the service itself. Seconds. */
export interface AskingResult {
  readonly utilisation: number;
  readonly mean: number;
  readonly p99: number;
}

/** Requests of many independent gateways at one server that serves them one after the other, each in the same time. */
export function playAsking({ rate, requests, service }: Asking, chance: Chance): AskingResult {
  const waits = new Float64Array(requests);
  let [now, free, sum] = [0, 0, 0];
  for (let request = 0; request < requests; request++) {
    now += exponential(chance, 1 / rate);
    const begins = Math.max(now, free);
    waits[request] = begins - now;
    sum += begins - now;
    free = begins + service;
  }
  waits.sort();
  return { utilisation: rate * service, mean: sum / requests, p99: waits[Math.floor(0.99 * requests)]! };
}

/** The mean wait by the formula of Pollaczek and Khinchine for a constant service time (M/D/1). Seconds; Infinity at full use. */
export function meanWait({ rate, service }: Pick<Asking, 'rate' | 'service'>): number {
  const utilisation = rate * service;
  return utilisation >= 1 ? Infinity : (utilisation * service) / (2 * (1 - utilisation));
}

/** One client (or key) that asks for more than its limit allows, while the server is away for a time. Times in seconds. */
export interface Outage {
  readonly gateways: number;
  /** Threads of each. Each has a connection of its own to the server, and finds out for itself; while it is away they count together. */
  readonly workers: number;
  /** Requests that the limit allows in `per`, all at once (`burst`). */
  readonly limit: number;
  readonly per: number;
  /** Requests a second of this key, dealt out among all gateways. */
  readonly demand: number;
  /** When the server goes and comes back. */
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
  /** `crash`: connections are closed, and each gateway knows at once; `hang`: it answers no more. */
  readonly kind: 'crash' | 'hang';
}

/** What was let through. */
export interface OutageResult {
  readonly before: number;
  readonly during: number;
  readonly after: number;
  /** What an exact limit would have let through while the server was away. */
  readonly exact: number;
  /** Requests that waited for an answer in vain. */
  readonly delayed: number;
}

/** `src/security/rate-limit/redis-link.ts`: a command is given up after so long, the link after so many, and tried again so often. */
const commandTimeout = 0.25;
const toleratedFailures = 3;
const probeInterval = 0.5;

/** A limit that counts as the gateway's do (GCRA). */
class Cell {
  readonly #interval: number;
  readonly #tolerance: number;
  #arrival = 0;

  constructor(limit: number, per: number) {
    this.#interval = per / limit;
    this.#tolerance = limit * this.#interval;
  }

  take(now: number): boolean {
    const after = Math.max(this.#arrival, now) + this.#interval;
    if (after - now > this.#tolerance + 1e-9) return false;
    this.#arrival = after;
    return true;
  }
}

interface Thread {
  /** Counts for all threads of its gateway. */
  readonly local: Cell;
  /** When the commands that were sent in vain are given up, in order. */
  readonly givenUp: number[];
  /** When it uses the server again. */
  readonly returns: number;
}

/** Plays the outage: every thread follows `onStoreFailure` from when it knows that the server is away. */
export function playOutage(outage: Outage, chance: Chance): OutageResult {
  const { demand, from, gateways, kind, limit, onStoreFailure, per, seconds, to, workers } = outage;
  const shared = new Cell(limit, per);
  const exact = new Cell(limit, per);
  const locals = Array.from({ length: gateways }, () => new Cell(limit, per));
  const threads: Thread[] = Array.from({ length: gateways * workers }, (_, index) => {
    return { local: locals[Math.floor(index / workers)]!, givenUp: [], returns: to + chance() * probeInterval };
  });
  const counts = { before: 0, during: 0, after: 0, exact: 0, delayed: 0 };
  for (let now = exponential(chance, 1 / demand); now < seconds; now += exponential(chance, 1 / demand)) {
    const { givenUp, local, returns } = threads[choose(chance, threads.length)]!;
    const isExact = exact.take(now);
    if (now < from || now >= returns) {
      if (shared.take(now)) counts[now < from ? 'before' : 'after']++;
      continue;
    }
    if (isExact) counts.exact++;
    const isKnown = kind === 'crash' || (givenUp[toleratedFailures - 1] ?? Infinity) <= now;
    if (!isKnown) {
      givenUp.push(now + commandTimeout);
      counts.delayed++;
    }
    const decided = isKnown ? now : now + commandTimeout;
    if (onStoreFailure === 'allow' || (onStoreFailure === 'local' && local.take(decided))) counts.during++;
  }
  return counts;
}
