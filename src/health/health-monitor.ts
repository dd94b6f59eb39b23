import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { HealthCheckConfig } from '../config/file/health-check.config.js';
import type { UpstreamConfig } from '../config/file/upstream.config.js';
import { describeFindings } from '../config/loading/plain-config.js';
import { PINO } from '../logging/logging.module.js';
import { ProbeMetrics } from '../metrics/probe-metrics.js';
import { openFiles } from '../platform/open-files.js';
import { readTls } from '../upstream/backend-tls.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import type { Backend } from '../upstream/backend.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { Upstreams } from '../upstream/upstreams.js';
import { BackendWatch, type WatchObserver } from './backend-watch.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import type { HealthProbe, ProbeResult } from './probe.js';
import { Probes } from './probes.js';

/** Milliseconds within which the first probes of all backends start, and of each thousand of them where there are more: a probe takes about half a millisecond of CPU time, and one that comes too late counts as failed. */
const spread = 1_000;

/** How the backends of one upstream are watched. */
interface WatchedUpstream {
  readonly healthCheck: HealthCheckConfig;
  readonly tls: UpstreamConfig['tls'];
  readonly probe: HealthProbe;
}

/** What a probe has found last. */
export interface LastProbe {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly result: ProbeResult;
}

/**
 * Watches the backends of every upstream that has a `healthCheck`, from the start of the application to its shutdown. Writes a
 * log line when the verdict on a backend changes, and counts the probes. A backend keeps its watch over changes of the configuration that do not
 * concern it.
 */
@Injectable()
export class HealthMonitor implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown, LivePart {
  #upstreams = new Map<string, WatchedUpstream>();
  readonly #watches = new Map<
    LiveBackend,
    { readonly upstream: string; readonly of: WatchedUpstream; readonly watch: BackendWatch }
  >();
  readonly #last = new WeakMap<Backend, LastProbe>();
  #phase: 'new' | 'started' | 'ended' = 'new';

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly upstreams: Upstreams,
    private readonly probes: Probes,
    private readonly metrics: ProbeMetrics,
    @Inject(PINO) private readonly log: Logger,
    @Inject(RANDOM_SOURCE) private readonly random: RandomSource,
    @Optional() @Inject(THREAD) private readonly thread?: Thread,
  ) {}

  /** Makes the probes. Rejects with an ExtensionError for an unknown name or options that the probe refuses. */
  async onModuleInit(): Promise<void> {
    if (this.#isElsewhere) return;
    this.#upstreams = await this.#watched(this.config);
    this.#follow();
    this.upstreams.onFound(() => this.#follow());
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  onApplicationShutdown(): void {
    this.end();
  }

  /** Starts probing. Without effect when it was started before. */
  start(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'started';
    startAll(Array.from(this.#watches.values(), ({ watch }) => watch));
  }

  /** Ends probing for good: no timers are left, probes under way are aborted. Vetoes stay as they are. */
  end(): void {
    this.#phase = 'ended';
    for (const { watch } of this.#watches.values()) watch.end();
  }

  /** The last probe of a backend in this thread; undefined: none has ended. */
  last(backend: Backend): LastProbe | undefined {
    return this.#last.get(backend);
  }

  async prepare(transition: Transition): Promise<void> {
    if (this.#isElsewhere) return;
    const next = await this.#watched(transition.to);
    transition.onCommit(() => {
      this.#upstreams = next;
      this.#follow();
    });
  }

  /** Another thread probes, and tells this one its verdicts. */
  get #isElsewhere(): boolean {
    return this.thread?.role === 'worker';
  }

  /** What a configuration says of watching; upstreams of which it says the same as before stay as they are. */
  async #watched(config: GatewayConfig): Promise<Map<string, WatchedUpstream>> {
    const { upstreams } = config;
    const watched = new Map<string, WatchedUpstream>();
    for (const [name, settings] of upstreams) {
      const { healthCheck, tls } = settings;
      if (healthCheck === undefined) continue;
      const before = this.#upstreams.get(name);
      const isSame = before?.healthCheck === healthCheck && before.tls === tls;
      watched.set(
        name,
        isSame ? before : { healthCheck, tls, probe: await this.#probe(config, name, healthCheck, settings) },
      );
    }
    return watched;
  }

  /** Watches the backends that there are now, and no others. */
  #follow(): void {
    const left = new Set(this.#watches.keys());
    const added: BackendWatch[] = [];
    for (const { backends, name } of this.upstreams) {
      const of = this.#upstreams.get(name);
      if (of === undefined) continue;
      for (const backend of backends) {
        left.delete(backend);
        const known = this.#watches.get(backend);
        if (known?.of === of) continue;
        known?.watch.end();
        const watch = new BackendWatch(backend, of.probe, of.healthCheck, this.random, this.#observer(name));
        this.metrics.verdict(name, backend.id, !backend.vetoes.has('unhealthy'));
        this.#watches.set(backend, { upstream: name, of, watch });
        added.push(watch);
      }
    }
    if (this.#phase === 'started') startAll(added);
    for (const backend of left) this.#unwatch(backend);
  }

  #unwatch(backend: LiveBackend): void {
    const { upstream, watch } = this.#watches.get(backend)!;
    this.#watches.delete(backend);
    this.#last.delete(backend);
    watch.end();
    this.metrics.forget(upstream, backend.id);
    backend.lift('unhealthy');
  }

  #probe(
    config: GatewayConfig,
    upstream: string,
    healthCheck: HealthCheckConfig,
    { tls }: UpstreamConfig,
  ): Promise<HealthProbe> {
    const { type, path, expectStatus, expectBody, headers } = healthCheck;
    const ofHttp = { path, expectStatus, expectBody, headers, tls: tls && readTls(tls) };
    const options = type.name === 'http' ? ofHttp : type.options;
    return this.probes.create({
      name: type.name,
      options,
      path: ['upstreams', upstream, 'healthCheck', 'type'],
      describe: faults => describeFindings(config, faults),
    });
  }

  #probed(upstream: string, backend: string, result: ProbeResult): void {
    const failed = !result.healthy && (result.inconclusive === true ? 'inconclusive' : 'unhealthy');
    this.metrics.probed(upstream, backend, failed || 'healthy');
    if (failed === 'inconclusive') openFiles.shortage.met();
  }

  #observer(upstream: string): WatchObserver {
    return {
      probed: (backend, result) => {
        this.#last.set(backend, { time: Date.now(), result });
        this.#probed(upstream, backend.id, result);
      },
      changed: ({ id: backend }, reason) => {
        this.metrics.verdict(upstream, backend, reason === undefined);
        if (reason === undefined) this.log.info({ upstream, backend }, 'backend healthy');
        else this.log.warn({ upstream, backend, reason }, 'backend unhealthy');
      },
    };
  }
}

function startAll(watches: readonly BackendWatch[]): void {
  for (const watch of watches) watch.start(Math.max(spread, watches.length));
}
