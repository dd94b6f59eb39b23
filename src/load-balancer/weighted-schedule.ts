import type { Backend, Candidates } from '../upstream/backend.js';

/** Backends of one weight: they take turns, and together ask for `rate` picks in each cycle. */
interface Lane {
  readonly backends: Backend[];
  rate: number;
  turn: number;
  served: number;
  /** When the lane is due next, in cycles. */
  due: number;
}

/**
 * The position of a schedule in its cycles. A schedule that replaces another continues at its position: if each began at 0, the
 * last backends of a set that changes often would hardly get a turn.
 */
export interface Position {
  /** In cycles. */
  time: number;
  picks: number;
}

/**
 * An endless, smooth order of backends by weight. A cycle has as many picks as the sum of the weights; in each, a backend of
 * weight n is picked exactly n times, spread evenly over the cycle. The lane that is due first is served first: a lane of rate
 * r is due at (k + ½) / r. A step costs O(log of the number of different weights), so O(1) for equal weights; memory is
 * O(backends) for weights of any size.
 */
export class WeightedSchedule {
  /** A binary heap: the lane that is due first is at the front. */
  readonly #lanes: Lane[];

  /** Continues at `position`, and advances it. */
  constructor(
    candidates: Candidates,
    private readonly position: Position = { time: 0, picks: 0 },
  ) {
    // Modulo ten cycles: within one cycle, a backend at a tenth of its weight (slow start) is never due.
    const phase = position.time % 10;
    const byWeight = new Map<number, Lane>();
    for (const backend of candidates) {
      let lane = byWeight.get(backend.weight);
      if (lane === undefined) {
        lane = { backends: [], rate: 0, turn: 0, served: 0, due: 0 };
        byWeight.set(backend.weight, lane);
      }
      lane.backends.push(backend);
      lane.rate += backend.weight;
    }
    this.#lanes = [...byWeight.values()];
    for (const lane of this.#lanes) {
      lane.turn = position.picks % lane.backends.length;
      // A rounding error must not make a lane due that was served just now.
      lane.served = Math.floor(phase * lane.rate + 0.5 + 1e-9);
      lane.due = (lane.served + 0.5) / lane.rate;
    }
    // A sorted array is a heap.
    this.#lanes.sort((one, other) => one.due - other.due);
  }

  /** The backend that {@link next} would give. */
  get upcoming(): Backend {
    const lane = this.#lanes[0] as Lane;
    return lane.backends[lane.turn] as Backend;
  }

  /** The next backend. */
  next(): Backend {
    const lane = this.#lanes[0] as Lane;
    const backend = lane.backends[lane.turn] as Backend;
    lane.turn = lane.turn + 1 === lane.backends.length ? 0 : lane.turn + 1;
    this.position.time = lane.due;
    this.position.picks++;
    lane.served++;
    lane.due = (lane.served + 0.5) / lane.rate;
    if (this.#lanes.length > 1) this.#sink(lane);
    return backend;
  }

  #sink(lane: Lane): void {
    const lanes = this.#lanes;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= lanes.length) break;
      if (child + 1 < lanes.length && (lanes[child + 1] as Lane).due < (lanes[child] as Lane).due) child++;
      if ((lanes[child] as Lane).due >= lane.due) break;
      lanes[at] = lanes[child] as Lane;
      at = child;
    }
    lanes[at] = lane;
  }
}
