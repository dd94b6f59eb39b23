import type { CircuitState } from './circuit-breaker.js';
import type { WindowTotals } from '../platform/circuit-window.js';

/** What the other circuits of its upstream need to know of a circuit. */
export interface Sibling {
  readonly state: CircuitState;
  /** Its backend may get new requests: it has no veto, and a weight. */
  readonly isInUse: boolean;
  /** The counts of its window. */
  readonly totals: WindowTotals;
}

/** The circuits of one upstream: counts the ones that are not closed, and limits how many soft failures may open (`maxOpen`). */
export class OpenCircuits {
  /** Circuits that are open or half-open for any reason. Each circuit adds and removes itself. */
  count = 0;
  readonly #all = new Set<Sibling>();
  readonly #share: number;
  readonly #mayOpenLast: boolean;

  /**
   * `share`: part of the circuits that soft failures may open, 0..1, rounded down but at least one circuit. `mayOpenLast`: the
   * upstream has a fallback for when all are open; a share of 1 allows it as well.
   */
  constructor(share: number, mayOpenLast: boolean) {
    this.#share = share;
    this.#mayOpenLast = mayOpenLast || share === 1;
  }

  add(circuit: Sibling): void {
    this.#all.add(circuit);
  }

  /** The circuit is used no more. */
  remove(circuit: Sibling): void {
    if (this.#all.delete(circuit) && circuit.state !== 'closed') this.count--;
  }

  /** The other circuits that are closed and whose backends are in use: the ones to compare it with. */
  peersOf(circuit: Sibling): Sibling[] {
    return [...this.#all].filter(other => other !== circuit && other.state === 'closed' && other.isInUse);
  }

  /** Whether soft failures may open this circuit, which is closed. */
  mayOpen(circuit: Sibling): boolean {
    // 0.29 × 100 is 28.999…, and means 29.
    const most = Math.max(1, Math.floor(this.#share * this.#all.size + 1e-9));
    return this.count < most && !this.isLast(circuit);
  }

  /** Whether the upstream would have no backend in use without this one, so that soft failures must not open its circuit. */
  isLast(circuit: Sibling): boolean {
    if (this.#mayOpenLast) return false;
    return ![...this.#all].some(other => other !== circuit && other.state === 'closed' && other.isInUse);
  }
}
