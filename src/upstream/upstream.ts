import { LiveBackend, type BackendDefinition } from './live-backend.js';

/** What an upstream is made of: one entry of `upstreams`. */
export interface UpstreamDefinition {
  readonly backends: readonly BackendDefinition[];
  readonly strategy: { readonly name: string };
}

/**
 * A named group of backends. `available` is republished, frozen, whenever a veto comes or goes, so that
 * the work is done on change and not for each request: the primaries without a veto, or, when there are none,
 * the backups without one.
 */
export class Upstream {
  readonly backends: readonly LiveBackend[];
  /** Name of the strategy that picks among them. */
  readonly strategy: string;
  available: readonly LiveBackend[] = [];

  constructor(
    readonly name: string,
    { backends, strategy }: UpstreamDefinition,
  ) {
    this.strategy = strategy.name;
    this.backends = Object.freeze(backends.map(each => new LiveBackend(each, () => this.#republish())));
    this.#republish();
  }

  #republish(): void {
    const usable = this.backends.filter(backend => backend.vetoes.size === 0);
    const primaries = usable.filter(backend => !backend.backup);
    this.available = Object.freeze(primaries.length > 0 ? primaries : usable);
  }
}
