import type { CircuitState } from './circuit-breaker.js';
import type { WindowTotals } from '../platform/circuit-window.js';

/** A circuit, as far as those of the same upstream are concerned. */
export interface Sibling {
  readonly state: CircuitState;
  /** Its backend has no veto. */
  readonly isInUse: boolean;
  /** What its window holds. */
  readonly totals: WindowTotals;
}

/** The circuits of one upstream: how many are not closed, and how many of them soft failures may open (`maxOpen`). */
export class OpenCircuits {
  /** Circuits that are open or half-open, whatever opened them. Each circuit counts itself. */
  count = 0;
  readonly #all: Sibling[] = [];
  readonly #most: number;
  readonly #mayOpenLast: boolean;

  /**
   * `share` of the circuits, 0..1, rounded down; always one. `mayOpenLast`: there is a fallback for when all are open. A share of 1 says
   * by itself that all may be.
   */
  constructor(share: number, circuits: number, mayOpenLast: boolean) {
    // 0.29 × 100 is 28.999…, and means 29.
    this.#most = Math.max(1, Math.floor(share * circuits + 1e-9));
    this.#mayOpenLast = mayOpenLast || share === 1;
  }

  add(circuit: Sibling): void {
    this.#all.push(circuit);
  }

  /** Those beside this one that are closed and whose backends are in use: what it may be compared with. */
  peersOf(circuit: Sibling): Sibling[] {
    return this.#all.filter(other => other !== circuit && other.state === 'closed' && other.isInUse);
  }

  /** Soft failures may open this one, which is closed. */
  mayOpen(circuit: Sibling): boolean {
    return this.count < this.#most && !this.isLast(circuit);
  }

  /** Without it the upstream would have no backend in use, and soft failures must not do that. */
  isLast(circuit: Sibling): boolean {
    if (this.#mayOpenLast) return false;
    return !this.#all.some(other => other !== circuit && other.state === 'closed' && other.isInUse);
  }
}
