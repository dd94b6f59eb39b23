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

/** A backend with the state that changes while it serves: its vetoes and the exchanges in flight. */
export class LiveBackend implements Backend {
  readonly id: string;
  readonly url: URL;
  readonly socketPath: string | undefined;
  readonly weight: number;
  readonly backup: boolean;
  inFlight = 0;
  readonly #vetoes = new Set<Veto>();
  readonly #changed: () => void;

  /** `changed` is called after the set of vetoes has changed. */
  constructor(definition: BackendDefinition, changed: () => void) {
    this.id = definition.id;
    this.socketPath = definition.unix;
    this.url = new URL(definition.unix === undefined ? definition.url : 'http://localhost');
    this.weight = definition.weight;
    this.backup = definition.backup;
    this.#changed = changed;
  }

  get vetoes(): ReadonlySet<Veto> {
    return this.#vetoes;
  }

  /** Takes the backend out until the same veto is lifted; other vetoes are untouched. */
  veto(veto: Veto): void {
    if (this.#vetoes.has(veto)) return;
    this.#vetoes.add(veto);
    this.#changed();
  }

  /** Lifts one veto; the backend is available again when no other is left. */
  lift(veto: Veto): void {
    if (this.#vetoes.delete(veto)) this.#changed();
  }
}
