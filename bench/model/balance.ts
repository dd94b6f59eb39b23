import { choose, exponential, type Chance } from '#bench/model/chance';
import { Clock } from '#bench/model/clock';

/** How strategies of the gateway pick, with weights that are all alike. */
export type ModelStrategy = 'round-robin' | 'random' | 'power-of-two-choices' | 'least-connections';

/** Requests that many gateways deal out among backends. */
export interface Fleet {
  readonly strategy: ModelStrategy;
  readonly backends: number;
  readonly gateways: number;
  /** Threads of each gateway. Each has turns of its own; what is in flight is counted for the gateway. */
  readonly workers: number;
  /** Requests a second over all gateways. */
  readonly rate: number;
  /** Seconds that a backend takes for one, on average. */
  readonly takes: number;
  /** Whether all take the same, or as chance has it (exponentially). */
  readonly spread: 'same' | 'exponential';
  /** Where turns begin: at the first backend, as those of the gateway do, or at any. */
  readonly turns: 'first' | 'any';
  /** Seconds that are played; what is in flight is looked at in the second half. */
  readonly seconds: number;
}

/** How evenly backends were loaded. */
export interface Evenness {
  /** Requests of the backend with the most, divided by the mean; and those of the one with the fewest. */
  readonly most: number;
  readonly fewest: number;
  /** Standard deviation of the requests of a backend, divided by the mean. */
  readonly deviation: number;
  /** In flight at one backend: the mean, and averages over time of the standard deviation and of the greatest. */
  readonly inFlight: number;
  readonly inFlightDeviation: number;
  readonly inFlightMost: number;
}

type Pick = (gateway: Int32Array, thread: number) => number;

function pickOf({ backends, gateways, strategy, turns, workers }: Fleet, chance: Chance): Pick {
  const next = Int32Array.from({ length: gateways * workers }, () => (turns === 'any' ? choose(chance, backends) : 0));
  switch (strategy) {
    case 'round-robin':
      return (_, thread) => {
        const turn = next[thread]!;
        next[thread] = turn + 1 === backends ? 0 : turn + 1;
        return turn;
      };
    case 'random':
      return () => choose(chance, backends);
    case 'power-of-two-choices':
      return inFlight => {
        const one = choose(chance, backends);
        const drawn = choose(chance, backends - 1);
        const other = drawn < one ? drawn : drawn + 1;
        return inFlight[other]! < inFlight[one]! ? other : one;
      };
    case 'least-connections':
      return inFlight => {
        let [least, ties] = [0, 1];
        for (let backend = 1; backend < backends; backend++) {
          if (inFlight[backend]! < inFlight[least]!) [least, ties] = [backend, 1];
          else if (inFlight[backend] === inFlight[least] && chance() * ++ties < 1) least = backend;
        }
        return least;
      };
  }
}

function deviationOf(values: ArrayLike<number>): { mean: number; deviation: number; most: number; fewest: number } {
  let [sum, squares, most, fewest] = [0, 0, -Infinity, Infinity];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    sum += value;
    squares += value * value;
    if (value > most) most = value;
    if (value < fewest) fewest = value;
  }
  const mean = sum / values.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)), most, fewest };
}

/** Deals requests out, which come as those of independent clients do, and looks at what that makes of the backends. */
export function playFleet(fleet: Fleet, chance: Chance): Evenness {
  const { backends, gateways, rate, seconds, spread, takes, workers } = fleet;
  const clock = new Clock();
  const known = Array.from({ length: gateways }, () => new Int32Array(backends));
  const inFlight = new Int32Array(backends);
  const served = new Int32Array(backends);
  const pick = pickOf(fleet, chance);
  const request = (): void => {
    if (clock.now < seconds) clock.after(exponential(chance, 1 / rate), request);
    const thread = choose(chance, gateways * workers);
    const own = known[Math.floor(thread / workers)]!;
    const backend = pick(own, thread);
    own[backend]!++;
    inFlight[backend]!++;
    served[backend]!++;
    clock.after(spread === 'same' ? takes : exponential(chance, takes), () => {
      own[backend]!--;
      inFlight[backend]!--;
    });
  };
  clock.after(exponential(chance, 1 / rate), request);
  const looks: ReturnType<typeof deviationOf>[] = [];
  for (let look = 0; look < 100; look++) {
    clock.run((seconds * (100 + look)) / 200);
    looks.push(deviationOf(inFlight));
  }
  clock.run();
  const average = (of: (look: ReturnType<typeof deviationOf>) => number): number =>
    looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const { deviation, fewest, mean, most } = deviationOf(served);
  return {
    most: most / mean,
    fewest: fewest / mean,
    deviation: deviation / mean,
    inFlight: average(look => look.mean),
    inFlightDeviation: average(look => look.deviation),
    inFlightMost: average(look => look.most),
  };
}
