import type { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import type { CircuitEvent } from '../circuit-breaker/circuit-events.js';
import type { TicketSecret } from '../listeners/tls/ticket-secret.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { BackendControl } from '../upstream/control/backend-control.js';
import type { Upstream } from '../upstream/upstream.js';
import type { Upstreams } from '../upstream/upstreams.js';
import type { FoundBackends, HealthVerdict, KnownState, ToWorker } from './messages.js';

/** What the main thread knows of backends and the workers follow: who was found, who is healthy, whose circuit is open. Tells of each change. */
export class CommonState {
  /** The last verdict that was told of each backend that is unhealthy. */
  readonly #unhealthy = new Map<LiveBackend, HealthVerdict>();
  readonly #changed = new Set<Upstream>();

  /** `tell`: sends a message to all workers, or all but the one with this index. */
  constructor(
    private readonly upstreams: Upstreams,
    private readonly breakers: CircuitBreakers,
    private readonly control: BackendControl,
    private readonly tickets: TicketSecret,
    private readonly tell: (message: ToWorker, but?: number) => void,
  ) {
    upstreams.onFound(upstream => tell({ kind: 'found', found: this.#found(upstream) }));
    upstreams.onChange(upstream => this.#note(upstream));
    tickets.onReplaced(() => tell({ kind: 'tickets', secret: tickets.current }));
    control.onChange(() => tell({ kind: 'settings', settings: control.snapshot() }));
    control.onAct(act => tell({ kind: 'circuit-act', act }));
    breakers.events.subscribe(event => {
      // By code in this thread. What workers have decided they tell themselves, and what is done by hand they hear as it is set.
      if (event.isFollowed !== true && event.to !== 'half-open') tell({ kind: 'circuit', event });
    });
  }

  /** A worker has changed a circuit: it changes in all threads. */
  circuit(event: CircuitEvent, from: number): void {
    this.breakers.follow(event);
    this.tell({ kind: 'circuit', event }, from);
  }

  /** All of it, for a new worker. */
  get now(): KnownState {
    const found = [...this.upstreams].flatMap(upstream =>
      this.upstreams.foundOf(upstream.name) === undefined ? [] : [this.#found(upstream)],
    );
    return {
      found,
      settings: this.control.snapshot(),
      unhealthy: [...this.#unhealthy.values()],
      circuits: [...this.#open()],
      tickets: this.tickets.current,
    };
  }

  #found({ name }: Upstream): FoundBackends {
    const backends = (this.upstreams.foundOf(name) ?? []).map(({ backup, id, unix, url, weight }) => {
      return { backup, id, unix, url, weight };
    });
    return { upstream: name, backends };
  }

  *#open(): Iterable<CircuitEvent> {
    for (const { backend, breaker, upstream } of this.breakers) {
      if (breaker.state === 'closed') continue;
      const names = { upstream, backend: backend.id };
      yield { ...names, from: 'closed', to: 'open', reason: 'open in the other workers', openFor: breaker.retryIn };
    }
  }

  /** Looks at an upstream when all that changes with it has changed. */
  #note(upstream: Upstream): void {
    if (this.#changed.size === 0) setImmediate(() => this.#tellOfHealth());
    this.#changed.add(upstream);
  }

  #tellOfHealth(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const upstream of changed) for (const backend of upstream.backends) this.#compare(upstream.name, backend);
    // Those that are gone are unhealthy nowhere.
    const there = new Set([...this.upstreams].flatMap(({ backends }) => backends));
    for (const backend of this.#unhealthy.keys()) if (!there.has(backend)) this.#unhealthy.delete(backend);
  }

  #compare(upstream: string, backend: LiveBackend): void {
    const isUnhealthy = backend.vetoes.has('unhealthy');
    if (isUnhealthy === this.#unhealthy.has(backend)) return;
    const reason = isUnhealthy ? (backend.reasons.get('unhealthy') ?? 'unhealthy') : undefined;
    const verdict = { upstream, backend: backend.id, reason };
    if (isUnhealthy) this.#unhealthy.set(backend, verdict);
    else this.#unhealthy.delete(backend);
    this.tell({ kind: 'health', verdict });
  }
}
