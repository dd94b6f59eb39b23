import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import { didYouMean } from '../spelling/nearest.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { Upstream } from '../upstream/upstream.js';
import type { Upstreams } from '../upstream/upstreams.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { Circuit } from './circuit.js';
import type { CircuitEvent } from './circuit-events.js';
import type { CircuitFactory } from './circuit-factory.js';
import type { CircuitsByHand } from './circuits-by-hand.js';
import { circuitNames, type CircuitName } from './circuit-names.js';
import { NamedBreaker } from './named-breaker.js';

export type { CircuitEvent } from './circuit-events.js';

/** The breaker of one backend, with the names of the backend and its upstream. */
export interface BackendCircuit {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly backend: LiveBackend;
  readonly breaker: CircuitBreaker;
}

/** The circuit breakers of all backends, those that discovery has found among them, in the order of the configuration. */
@Injectable()
export class CircuitBreakers implements Iterable<BackendCircuit>, LivePart, OnApplicationShutdown {
  /** Each change of a circuit, as it happens; completes when the gateway stops. What a subscriber throws is logged. */
  readonly events: Observable<CircuitEvent>;
  #all: readonly BackendCircuit[] = [];
  #byBackend = new Map<LiveBackend, { readonly full: string; readonly breaker: CircuitBreaker }>();
  #byName = new Map<string, CircuitBreaker>();
  /** What code outside has for each full name: the same for as long as the backend is there, and for as long as the gateway runs where it is injected. */
  readonly #held = new Map<string, CircuitBreaker>();
  readonly #injected: ReadonlySet<string>;

  /** Made by Nest. @internal */
  constructor(
    circuits: readonly (BackendCircuit & { readonly name: CircuitName })[],
    private readonly factory: Pick<CircuitFactory, 'events' | 'close' | 'create' | 'retire'>,
    private readonly upstreams: Upstreams,
    private config: GatewayConfig,
    private readonly byHand?: CircuitsByHand,
  ) {
    this.events = factory.events.stream;
    for (const { breaker, name } of circuits) this.#held.set(name.full, breaker);
    this.#injected = new Set(this.#held.keys());
    this.#use(circuits);
    upstreams.onFound(() => this.#follow(this.config));
    byHand?.attach(this);
  }

  /** The breaker of a backend. A breaker that is disabled by configuration admits every request. Throws for a backend of another gateway. */
  of(backend: LiveBackend): CircuitBreaker {
    return this.#held.get(this.#known(backend).full)!;
  }

  /** The same without what makes it last over changes of the configuration: for the path of a request. */
  inUse(backend: LiveBackend): CircuitBreaker {
    return this.#known(backend).breaker;
  }

  /**
   * The breaker of the backend with this id, or `upstream/id` where several upstreams have a backend with this id. Throws an
   * Error that lists the known ones.
   */
  get(id: string): CircuitBreaker {
    const breaker = this.#byName.get(id);
    if (breaker !== undefined) return breaker;
    const known = [...this.#byName.keys()];
    throw new Error(`no circuit breaker is named "${id}"${didYouMean(id, known)} (known: ${known.join(', ')})`);
  }

  [Symbol.iterator](): Iterator<BackendCircuit> {
    return this.#all[Symbol.iterator]();
  }

  /** A backend keeps its circuit, unless the settings of the circuits of its upstream are others. */
  prepare(transition: Transition): void {
    transition.onCommit(() => this.#follow(transition.to));
  }

  /** The circuit of the same backend in another thread has changed: it is the same here, if it may. */
  follow(event: CircuitEvent): void {
    const breaker = this.find(event);
    if (breaker instanceof Circuit) breaker.follow(event);
  }

  /** The breaker of a backend by the names of both; undefined: there is no such backend now. */
  find(place: { readonly upstream: string; readonly backend: string }): CircuitBreaker | undefined {
    const { upstream, backend } = place;
    return this.#all.find(each => each.upstream === upstream && each.backend.id === backend)?.breaker;
  }

  /** Ends all timers. The circuits keep their states. */
  close(): void {
    this.factory.close();
  }

  onApplicationShutdown(): void {
    this.close();
  }

  /** Each backend that there is now has a circuit by this configuration, and no other has one. */
  #follow(to: GatewayConfig): void {
    const from = this.config;
    const before = this.#byBackend;
    const circuits = circuitNames(backendsByUpstream(this.upstreams)).map(name => {
      const { upstream } = name;
      const backend = this.upstreams.get(upstream).backends[name.index]!;
      const settings = settingsOf(to, upstream);
      const known = before.get(backend)?.breaker;
      if (known !== undefined && isSame(settings, settingsOf(from, upstream)))
        return { name, upstream, backend, breaker: known };
      if (known !== undefined) this.factory.retire(known, backend);
      const breaker = this.#hold(name, () => this.factory.create({ upstream, backend, ...settings! }));
      return { name, upstream, backend, breaker };
    });
    this.config = to;
    const kept = new Set(circuits.map(({ backend }) => backend));
    for (const [backend, { breaker }] of before) if (!kept.has(backend)) this.factory.retire(breaker, backend);
    // Addresses come and go for months: what they had must not stay.
    const names = new Set([...this.#injected, ...circuits.map(({ name }) => name.full)]);
    for (const full of this.#held.keys()) if (!names.has(full)) this.#held.delete(full);
    this.#use(circuits);
  }

  #known(backend: LiveBackend): { readonly full: string; readonly breaker: CircuitBreaker } {
    const known = this.#byBackend.get(backend);
    if (known === undefined) throw new Error(`the backend "${backend.id}" is not one of this gateway`);
    return known;
  }

  /** What a test has put in the place of a breaker stays there. */
  #hold({ full }: CircuitName, create: () => CircuitBreaker): CircuitBreaker {
    const held = this.#held.get(full);
    if (held !== undefined && !(held instanceof NamedBreaker)) return held;
    const circuit = create();
    if (held === undefined) this.#held.set(full, new NamedBreaker(circuit));
    else held.current = circuit;
    return circuit;
  }

  #use(circuits: readonly (BackendCircuit & { readonly name: CircuitName })[]): void {
    this.#byBackend = new Map();
    this.#byName = new Map();
    this.#all = circuits.map(({ upstream, backend, breaker, name }) => {
      const own = breaker instanceof NamedBreaker ? breaker.current : breaker;
      this.#byBackend.set(backend, { full: name.full, breaker: own });
      for (const each of [name.short, name.full])
        if (each !== undefined) this.#byName.set(each, this.#held.get(name.full)!);
      return { upstream, backend, breaker: own };
    });
    for (const circuit of this.#all) this.byHand?.hold(circuit);
  }
}

function backendsByUpstream(upstreams: Iterable<Upstream>): Iterable<readonly [string, Upstream]> {
  return Array.from(upstreams, upstream => [upstream.name, upstream] as const);
}

interface CircuitSettings {
  readonly config: CircuitBreakerConfig;
  readonly hasFallback: boolean;
}

function settingsOf({ upstreams }: GatewayConfig, name: string): CircuitSettings | undefined {
  const settings = upstreams.get(name);
  return settings && { config: settings.circuitBreaker, hasFallback: settings.fallback !== undefined };
}

function isSame(one: CircuitSettings | undefined, other: CircuitSettings | undefined): boolean {
  return one?.config === other?.config && one?.hasFallback === other?.hasFallback;
}
