import type { Counter } from 'prom-client';
import { Tally, type Count } from './tally.js';

/** The ids of the backends that there are now, by upstream. */
export type BackendIds = ReadonlyMap<string, ReadonlySet<string>>;

/** Counts of several kinds for each backend. They reach a counter of prom-client when it is scraped. */
export class BackendTally<Kind extends string> {
  readonly #tally = new Tally();
  readonly #upstreams = new Map<string, Map<string, Readonly<Record<Kind, Count>>>>();

  /** `labelsOf`: the labels of a kind, beside the upstream and the backend. */
  constructor(
    private readonly kinds: readonly Kind[],
    private readonly labelsOf: (kind: Kind) => Readonly<Record<string, string>>,
  ) {}

  /** The counts of a backend, which are shown from now on. */
  of(upstream: string, backend: string): Readonly<Record<Kind, Count>> {
    let backends = this.#upstreams.get(upstream);
    if (backends === undefined) this.#upstreams.set(upstream, (backends = new Map()));
    let counts = backends.get(backend);
    if (counts === undefined) {
      const all = this.kinds.map(kind => [kind, this.#tally.add({ upstream, backend, ...this.labelsOf(kind) })]);
      counts = Object.fromEntries(all) as Record<Kind, Count>;
      backends.set(backend, counts);
    }
    return counts;
  }

  /**
   * Adds the counts since the last scrape to the counter. A backend that is gone loses its series at the first scrape without a new count for it: addresses come and go for
   * months, and the registry must not keep them all. An empty `current` says that it is not known which backends there are.
   */
  drain(counter: Counter<string>, current: BackendIds): void {
    for (const [upstream, backends] of current.size === 0 ? [] : this.#upstreams) {
      for (const [backend, counts] of backends) {
        const all = Object.values<Count>(counts);
        if (current.get(upstream)?.has(backend) === true || all.some(({ pending }) => pending > 0)) continue;
        for (const count of all) this.#tally.remove(count, counter);
        backends.delete(backend);
      }
    }
    this.#tally.drain(counter);
  }
}
