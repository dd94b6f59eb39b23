import { Upstream, type UpstreamDefinition } from './upstream.js';

/** All upstreams of a gateway by name, in the order of the file. */
export class Upstreams implements Iterable<Upstream> {
  readonly #byName = new Map<string, Upstream>();

  constructor(definitions: Iterable<readonly [string, UpstreamDefinition]>) {
    for (const [name, definition] of definitions) this.#byName.set(name, new Upstream(name, definition));
  }

  /** The upstream of that name. Throws when there is none, which is a bug: the names of a configuration are checked when it is loaded. */
  get(name: string): Upstream {
    const upstream = this.#byName.get(name);
    if (upstream === undefined) throw new Error(`no upstream is named "${name}"`);
    return upstream;
  }

  [Symbol.iterator](): Iterator<Upstream> {
    return this.#byName.values();
  }
}
