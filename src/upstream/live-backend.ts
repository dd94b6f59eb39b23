import type { Backend, Veto } from './backend.js';

/** The definition of a backend: one entry of `upstreams.*.backends`. */
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
  inFlight = 0;
  /** When its last veto is lifted, the backend ramps up to its weight, even if the upstream has no `slowStart`. */
  returnsSlowly = false;
  #configuredWeight: number;
  #backup: boolean;
  /** Tenths of the configured weight that it has, 1..10. */
  #tenths = 10;
  readonly #vetoes = new Set<Veto>();
  readonly #reasons = new Map<Veto, string>();
  readonly #changed: () => void;

  /** `changed` is called after the set of vetoes has changed. */
  constructor(definition: BackendDefinition, changed: () => void) {
    this.id = definition.id;
    this.socketPath = definition.unix;
    this.url = new URL(definition.unix === undefined ? definition.url : 'http://localhost');
    this.#configuredWeight = definition.weight;
    this.#backup = definition.backup;
    this.#changed = changed;
  }

  /** The configured weight, or during slow start the part that has been reached so far: a fraction of at least a tenth of it. */
  get weight(): number {
    return (this.#configuredWeight * this.#tenths) / 10;
  }

  /** The weight of the configuration, 1..1000. */
  get configuredWeight(): number {
    return this.#configuredWeight;
  }

  get backup(): boolean {
    return this.#backup;
  }

  /** The definition is one of the same server: its weight and its role may be others. */
  isAt({ id, url, unix }: BackendDefinition): boolean {
    if (this.id !== id || this.socketPath !== unix) return false;
    return unix !== undefined || new URL(url).href === this.url.href;
  }

  /** Takes the weight and the role of its definition in another configuration. Only the upstream calls this, as {@link scaleWeight}. Returns whether they differ. */
  redefine({ weight, backup }: BackendDefinition): boolean {
    const differs = weight !== this.#configuredWeight || backup !== this.#backup;
    this.#configuredWeight = weight;
    this.#backup = backup;
    return differs;
  }

  get vetoes(): ReadonlySet<Veto> {
    return this.#vetoes;
  }

  /** Why each veto was set, for those that gave a reason. */
  get reasons(): ReadonlyMap<Veto, string> {
    return this.#reasons;
  }

  /**
   * Takes the backend out of use until this veto is lifted; other vetoes are untouched. `reason` is for people, one line;
   * setting a veto a second time only replaces its reason.
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

  /**
   * Sets the weight to `tenths` tenths of the configured weight, 1..10. Only the upstream calls this, because it must publish
   * the new weight.
   */
  scaleWeight(tenths: number): void {
    this.#tenths = tenths;
  }
}
