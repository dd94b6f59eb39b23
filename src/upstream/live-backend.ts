import type { Backend, Veto } from './backend.js';
import { ThreadLoad, type BackendLoad } from './load/backend-load.js';

/**
 * Who holds a veto: the part of the gateway to which it belongs, the removal of the backend from its upstream, or what was set by hand. A veto
 * stands until the last of its holders lifts it.
 */
export type VetoHolder = 'part' | 'removal' | 'hand';

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
  /** What it carries. */
  readonly load: BackendLoad;
  /** When its last veto is lifted, the backend ramps up to its weight, even if the upstream has no `slowStart`. */
  returnsSlowly = false;
  #configuredWeight: number;
  #weightByHand: number | undefined;
  #backup: boolean;
  /** Tenths of the whole weight that it has, 1..10. */
  #tenths = 10;
  readonly #vetoes = new Set<Veto>();
  /** The holders of each veto. */
  readonly #holders = new Map<Veto, Map<VetoHolder, string | undefined>>();
  readonly #reasons = new Map<Veto, string>();
  readonly #changed: () => void;

  /** `changed` is called after the set of vetoes has changed. `load`: where what it carries is counted; default: for this thread alone. */
  constructor(definition: BackendDefinition, changed: () => void, load: BackendLoad = new ThreadLoad()) {
    this.load = load;
    this.id = definition.id;
    this.socketPath = definition.unix;
    this.url = new URL(definition.unix === undefined ? definition.url : 'http://localhost');
    this.#configuredWeight = definition.weight;
    this.#backup = definition.backup;
    this.#changed = changed;
  }

  get inFlight(): number {
    return this.load.inFlight;
  }

  /**
   * The weight set by hand, or else that of the configuration; during slow start the part of it that has been reached so far: a fraction of at
   * least a tenth. 0: the backend gets no new exchanges.
   */
  get weight(): number {
    return ((this.#weightByHand ?? this.#configuredWeight) * this.#tenths) / 10;
  }

  /** It may get new exchanges: it has no veto, and a weight. */
  get isUsable(): boolean {
    return this.#vetoes.size === 0 && this.#weightByHand !== 0;
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

  /** Takes a weight that was set by hand, 0..1000, in the place of the configured one; undefined: the configured one again. Only the upstream calls this. Returns whether it differs. */
  reweigh(weight: number | undefined): boolean {
    const differs = weight !== this.#weightByHand;
    this.#weightByHand = weight;
    return differs;
  }

  get vetoes(): ReadonlySet<Veto> {
    return this.#vetoes;
  }

  /** Why each veto was set, for those that gave a reason. */
  get reasons(): ReadonlyMap<Veto, string> {
    return this.#reasons;
  }

  /** Each veto with each of its holders, and the reason that it gave. */
  get holders(): readonly { readonly veto: Veto; readonly holder: VetoHolder; readonly reason: string | undefined }[] {
    return [...this.#holders].flatMap(([veto, holders]) =>
      Array.from(holders, ([holder, reason]) => ({ veto, holder, reason })),
    );
  }

  /**
   * Takes the backend out of use until this veto is lifted; other vetoes are untouched. `reason` is for people, one line;
   * setting a veto a second time only replaces its reason.
   */
  veto(veto: Veto, reason?: string, holder: VetoHolder = 'part'): void {
    if (reason !== undefined) this.#reasons.set(veto, reason);
    const holders = this.#holders.get(veto);
    if (holders !== undefined) return void holders.set(holder, reason ?? holders.get(holder));
    this.#holders.set(veto, new Map([[holder, reason]]));
    this.#vetoes.add(veto);
    this.#changed();
  }

  /** Lifts what this holder has of one veto; the backend is available again when no other holder and no other veto is left. */
  lift(veto: Veto, holder: VetoHolder = 'part'): void {
    const holders = this.#holders.get(veto);
    if (holders?.delete(holder) !== true) return;
    const reason = [...holders.values()].findLast(each => each !== undefined);
    if (reason === undefined) this.#reasons.delete(veto);
    else this.#reasons.set(veto, reason);
    if (holders.size > 0) return;
    this.#holders.delete(veto);
    this.#vetoes.delete(veto);
    this.#changed();
  }

  /**
   * Sets the weight to `tenths` tenths of the whole weight, 1..10. Only the upstream calls this, because it must publish
   * the new weight.
   */
  scaleWeight(tenths: number): void {
    this.#tenths = tenths;
  }
}
