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
 * Where a schedule stands. One that follows another is given its position, so that a set of backends that changes often is fair
 * to its last ones too.
 */
export interface Position {
  /** In cycles. */
  time: number;
  picks: number;
}

/**
 * An endless, smooth order of backends by weight. In each cycle, as many picks as the weights add up to, every backend comes
 * exactly as often as its weight says, spread evenly over the cycle. Earliest due first: a lane of rate r is due at
 * (k + ½) / r. A step costs O(log of the number of different weights), so O(1) for equal ones, and memory is O(backends)
 * however large the weights are.
 */
export class WeightedSchedule {
  /** A binary heap: the lane that is due first is at the front. */
  readonly #lanes: Lane[];

  /** Goes on from `position`, and moves it along. */
  constructor(
    candidates: Candidates,
    private readonly position: Position = { time: 0, picks: 0 },
  ) {
    // Ten cycles: in one, a backend at a tenth of its weight (slow start) is not due at all.
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
      // What has been served just now must not count as still due for a rounding error.
      lane.served = Math.floor(phase * lane.rate + 0.5 + 1e-9);
      lane.due = (lane.served + 0.5) / lane.rate;
    }
    // A sorted array is a heap.
    this.#lanes.sort((one, other) => one.due - other.due);
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
