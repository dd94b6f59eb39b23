import type { Backend, Veto } from './backend.js';

/** What a backend is made of: one entry of `upstreams.*.backends`. */
export interface BackendDefinition {
  readonly id: string;
  /** `http://…`, `https://…` or `unix:/path`. */
  readonly url: string;
  readonly unix?: string | undefined;
  readonly weight: number;
  readonly backup: boolean;
}

/** A backend with the state that changes while it serves: its vetoes, its weight and the exchanges in flight. */
export class LiveBackend implements Backend {
  readonly id: string;
  readonly url: URL;
  readonly socketPath: string | undefined;
  /** The weight of the configuration, 1..1000. */
  readonly configuredWeight: number;
  readonly backup: boolean;
  inFlight = 0;
  /** When its last veto is lifted it ramps up to its weight, also where the upstream has no `slowStart`. */
  returnsSlowly = false;
  #weight: number;
  readonly #vetoes = new Set<Veto>();
  readonly #reasons = new Map<Veto, string>();
  readonly #changed: () => void;

  /** `changed` is called after the set of vetoes has changed. */
  constructor(definition: BackendDefinition, changed: () => void) {
    this.id = definition.id;
    this.socketPath = definition.unix;
    this.url = new URL(definition.unix === undefined ? definition.url : 'http://localhost');
    this.configuredWeight = definition.weight;
    this.#weight = definition.weight;
    this.backup = definition.backup;
    this.#changed = changed;
  }

  /** The configured weight, or during slow start the part of it that has been reached: then a fraction, 0.1 or more. */
  get weight(): number {
    return this.#weight;
  }

  get vetoes(): ReadonlySet<Veto> {
    return this.#vetoes;
  }

  /** Why each veto was set, for those that gave a reason. */
  get reasons(): ReadonlyMap<Veto, string> {
    return this.#reasons;
  }

  /**
   * Takes the backend out until the same veto is lifted; other vetoes are untouched. `reason` is for people, one line; setting
   * a veto that is there already only renews it.
   */
  veto(veto: Veto, reason?: string): void {
    if (reason !== undefined) this.#reasons.set(veto, reason);
    if (this.#vetoes.has(veto)) return;
    this.#vetoes.add(veto);
    this.#changed();
  }

  /** Lifts one veto; the backend is available again when no other is left. */
  lift(veto: Veto): void {
    this.#reasons.delete(veto);
    if (this.#vetoes.delete(veto)) this.#changed();
  }

  /** Sets the weight to so many tenths of the configured one, 1..10. For the upstream, which must publish it. */
  scaleWeight(tenths: number): void {
    this.#weight = (this.configuredWeight * tenths) / 10;
  }
}
