import { Prepared, type LivePart, type Transition } from '../../config/live/transition.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { ConnectionFigures, Forwarder } from '../forwarder/forwarder.js';
import type { Target } from './target.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { Upstream } from '../../upstream/upstream.js';
import type { Upstreams } from '../../upstream/upstreams.js';

/** Makes the target of an upstream in a configuration, from the one that it has had until now. */
interface Maker {
  make(config: GatewayConfig, upstream: Upstream, previous?: Target): Promise<Target>;
}

/** What plans read: the targets of one configuration. */
export interface TargetsByName {
  /** Throws when there is none of that name: the configuration has checked its names before. */
  get(name: string): Target;
}

/** What is sent where: the targets of all upstreams, by name. */
export class Targets implements TargetsByName, LivePart {
  #byName: ReadonlyMap<string, Target>;
  readonly #next = new Prepared<TargetsByName>();
  /** Forwarders that carry exchanges which began before a transition. */
  readonly #retired = new Set<WeakRef<Forwarder>>();

  constructor(
    byName: ReadonlyMap<string, Target>,
    private readonly maker: Maker,
    private readonly upstreams: Pick<Upstreams, 'next'>,
  ) {
    this.#byName = byName;
    for (const target of byName.values()) target.begin();
  }

  get(name: string): Target {
    return find(this.#byName, name);
  }

  /** The targets after a transition. */
  next(transition: Transition): TargetsByName {
    return this.#next.get(transition);
  }

  async prepare(transition: Transition): Promise<void> {
    const { from, to } = transition;
    const before = this.#byName;
    const next = new Map<string, Target>();
    for (const [name, upstream] of this.upstreams.next(transition)) {
      const previous = before.get(name);
      const target = await this.maker.make(to, upstream, previous);
      next.set(name, target);
      if (target.forwarder !== previous?.forwarder) transition.onDiscard(() => void target.forwarder.close());
    }
    this.#next.set(transition, { get: name => find(next, name) });
    transition.onCommit(() => {
      this.#byName = next;
      for (const [name, target] of before) {
        if (next.get(name) !== target) target.end();
        if (next.get(name)?.forwarder !== target.forwarder) this.#retire(target.forwarder);
      }
      for (const [name, target] of next) {
        if (before.get(name) !== target || from.upstreams.get(name) !== to.upstreams.get(name)) target.begin();
      }
    });
  }

  /** Every backend with the figures of its connections, also those that are removed and still have exchanges. */
  *backends(): Iterable<{ target: Target; backend: LiveBackend; connections: ConnectionFigures }> {
    for (const target of this.#byName.values()) {
      const { backends, leaving } = target.upstream;
      for (const backend of [...backends, ...leaving]) {
        const figures = target.forwarder.connections(backend);
        yield { target, backend, connections: { ...figures, pending: figures.pending + target.gate(backend).waiting } };
      }
    }
  }

  /** Every upstream with the retries that its budget would allow now. */
  *budgets(): Iterable<{ upstream: string; left: number }> {
    const now = performance.now();
    for (const { budget, upstream } of this.#byName.values()) yield { upstream: upstream.name, left: budget.left(now) };
  }

  /** Closes every connection to every backend. */
  async close(): Promise<void> {
    const retired = [...this.#retired].flatMap(reference => reference.deref() ?? []);
    const current = [...this.#byName.values()].map(target => target.forwarder);
    await Promise.all([...retired, ...current].map(forwarder => forwarder.close()));
  }

  #retire(forwarder: Forwarder): void {
    forwarder.retire?.();
    for (const reference of this.#retired) if (reference.deref() === undefined) this.#retired.delete(reference);
    this.#retired.add(new WeakRef(forwarder));
  }
}

function find(byName: ReadonlyMap<string, Target>, name: string): Target {
  const target = byName.get(name);
  if (target === undefined) throw new Error(`no upstream is named "${name}"`);
  return target;
}
