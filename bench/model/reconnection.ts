import { choose, type Chance } from '#bench/model/chance';
import { Clock } from '#bench/model/clock';

/** What happens to the clients of a gateway that has died. Times in seconds. */
export interface Storm {
  /** Clients that have lost their connection. */
  readonly clients: number;
  /** Gateways that are left, and the workers of each, each with a core of its own. */
  readonly gateways: number;
  readonly workers: number;
  /** CPU time of a worker for one connection: the TLS handshake and the first request. */
  readonly handshake: number;
  /** Share of a worker's time that its other work takes, 0..1. */
  readonly busy: number;
  /** Clients try again at a time that each draws from this span. */
  readonly spread: number;
  /** A client gives up a connection that is not open after this time. */
  readonly patience: number;
  /** The first pause after that; doubled each time up to `longestPause`, and drawn from its upper half. */
  readonly pause: number;
  readonly longestPause: number;
  /** Connections that wait at one worker for being accepted; the kernel drops what comes beyond, and the client's asks again after 1, 3, 7 s. */
  readonly backlog: number;
  /** Seconds after which the play ends; clients that give up too early may never all come back. */
  readonly end: number;
}

/** What came of it. */
export interface StormResult {
  /** Seconds until half, 99 % and all of the clients were back; Infinity: not before the end. */
  readonly half: number;
  readonly most: number;
  readonly all: number;
  /** Handshakes in the busiest second, over all gateways. */
  readonly peakRate: number;
  /** The most connections that waited at one worker. */
  readonly longestQueue: number;
  /** Handshakes that were done for clients that had given up. */
  readonly wasted: number;
  /** Connections that found a full backlog. */
  readonly dropped: number;
}

interface Attempt {
  isGivenUp: boolean;
  readonly done: () => void;
}

/** A worker that serves one connection after the other. */
class Worker {
  readonly #waiting: Attempt[] = [];
  #first = 0;
  #isServing = false;
  longest = 0;
  wasted = 0;

  readonly #clock: Clock;
  readonly #takes: number;

  constructor(clock: Clock, takes: number) {
    this.#clock = clock;
    this.#takes = takes;
  }

  get waiting(): number {
    return this.#waiting.length - this.#first;
  }

  add(attempt: Attempt): void {
    this.#waiting.push(attempt);
    this.longest = Math.max(this.longest, this.waiting);
    if (!this.#isServing) this.#serve();
  }

  #serve(): void {
    const attempt = this.#waiting[this.#first++];
    this.#isServing = attempt !== undefined;
    if (attempt === undefined) {
      this.#waiting.length = this.#first = 0;
      return;
    }
    // The worker does not know that the client has given up before it has done the work.
    this.#clock.after(this.#takes, () => {
      if (attempt.isGivenUp) this.wasted++;
      else attempt.done();
      this.#serve();
    });
  }
}

/** Plays the storm of reconnections after the death of one gateway. */
export function playStorm(storm: Storm, chance: Chance): StormResult {
  const { backlog, busy, clients, end, gateways, handshake, longestPause, patience, pause, spread, workers } = storm;
  const clock = new Clock();
  const all = Array.from({ length: gateways * workers }, () => new Worker(clock, handshake / (1 - busy)));
  const back: number[] = [];
  let dropped = 0;

  const connect = (failures: number): void => {
    const worker = all[choose(chance, all.length)]!;
    let isOpen = false;
    const attempt: Attempt = {
      isGivenUp: false,
      done: () => {
        isOpen = true;
        back.push(clock.now);
      },
    };
    const knock = (again: number): void => {
      if (attempt.isGivenUp) return;
      if (worker.waiting < backlog) return worker.add(attempt);
      dropped++;
      clock.after(again, () => knock(2 * again));
    };
    knock(1);
    clock.after(patience, () => {
      if (isOpen) return;
      attempt.isGivenUp = true;
      const longest = Math.min(longestPause, pause * 2 ** failures);
      clock.after(longest * (0.5 + chance() / 2), () => connect(failures + 1));
    });
  };
  for (let client = 0; client < clients; client++) clock.after(chance() * spread, () => connect(0));
  clock.run(end);

  const perSecond = new Map<number, number>();
  for (const time of back) perSecond.set(Math.floor(time), (perSecond.get(Math.floor(time)) ?? 0) + 1);
  const at = (share: number): number => back[Math.ceil(share * clients) - 1] ?? Infinity;
  return {
    half: at(0.5),
    most: at(0.99),
    all: at(1),
    peakRate: Math.max(...perSecond.values()),
    longestQueue: Math.max(...all.map(({ longest }) => longest)),
    wasted: all.reduce((sum, worker) => sum + worker.wasted, 0),
    dropped,
  };
}
