import type { ConnectionFigures } from '../forwarder/forwarder.js';
import type { Target } from './target.js';
import type { LiveBackend } from '../../upstream/live-backend.js';

/** What is sent where: the targets of all upstreams, by name. */
export class Targets {
  constructor(private readonly byName: ReadonlyMap<string, Target>) {}

  /** Throws when there is none of that name: the configuration has checked its names before. */
  get(name: string): Target {
    const target = this.byName.get(name);
    if (target === undefined) throw new Error(`no upstream is named "${name}"`);
    return target;
  }

  /** Every backend with the figures of its connections. */
  *backends(): Iterable<{ target: Target; backend: LiveBackend; connections: ConnectionFigures }> {
    for (const target of this.byName.values()) {
      for (const backend of target.upstream.backends) {
        const figures = target.forwarder.connections(backend);
        yield { target, backend, connections: { ...figures, pending: figures.pending + target.gate(backend).waiting } };
      }
    }
  }

  /** Closes every connection to every backend. */
  async close(): Promise<void> {
    await Promise.all([...this.byName.values()].map(target => target.forwarder.close()));
  }
}
