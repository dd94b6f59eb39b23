import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { HealthCheckConfig } from '../config/file/health-check.config.js';
import type { UpstreamConfig } from '../config/file/upstream.config.js';
import { PINO } from '../logging/logging.module.js';
import { ProbeMetrics } from '../metrics/probe-metrics.js';
import { openFiles } from '../platform/open-files.js';
import { readTls } from '../upstream/backend-tls.js';
import { Upstreams } from '../upstream/upstreams.js';
import { BackendWatch, type WatchObserver } from './backend-watch.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import type { HealthProbe, ProbeResult } from './probe.js';
import { Probes } from './probes.js';

/**
 * Watches the backends of every upstream that has a `healthCheck`, from the start of the application to its shutdown. Writes a
 * log line when the verdict on a backend changes, and counts the probes.
 */
@Injectable()
export class HealthMonitor implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #watches: BackendWatch[] = [];
  #started = false;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly upstreams: Upstreams,
    private readonly probes: Probes,
    private readonly metrics: ProbeMetrics,
    @Inject(PINO) private readonly log: Logger,
    @Inject(RANDOM_SOURCE) private readonly random: RandomSource,
  ) {}

  /** Makes the probes. Rejects with an ExtensionError for an unknown name or options that the probe refuses. */
  async onModuleInit(): Promise<void> {
    for (const [name, settings] of this.config.upstreams) {
      const { healthCheck } = settings;
      if (healthCheck !== undefined) await this.#watch(name, healthCheck, settings);
    }
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  onApplicationShutdown(): void {
    this.end();
  }

  /** Starts probing. Without effect when it was started before. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    for (const watch of this.#watches) watch.start();
  }

  /** Ends probing for good: no timers are left, probes under way are aborted. Vetoes stay as they are. */
  end(): void {
    this.#started = true;
    for (const watch of this.#watches) watch.end();
  }

  async #watch(name: string, healthCheck: HealthCheckConfig, upstream: UpstreamConfig): Promise<void> {
    const probe = await this.#probe(name, healthCheck, upstream);
    const observer = this.#observer(name);
    for (const backend of this.upstreams.get(name).backends) {
      this.metrics.verdict(name, backend.id, true);
      this.#watches.push(new BackendWatch(backend, probe, healthCheck, this.random, observer));
    }
  }

  #probe(upstream: string, healthCheck: HealthCheckConfig, { tls }: UpstreamConfig): Promise<HealthProbe> {
    const { type, path, expectStatus, expectBody, headers } = healthCheck;
    const ofHttp = { path, expectStatus, expectBody, headers, tls: tls && readTls(tls) };
    const options = type.name === 'http' ? ofHttp : type.options;
    return this.probes.create({ name: type.name, options, path: `upstreams.${upstream}.healthCheck.type` });
  }

  #probed(upstream: string, backend: string, result: ProbeResult): void {
    const failed = !result.healthy && (result.inconclusive === true ? 'inconclusive' : 'unhealthy');
    this.metrics.probed(upstream, backend, failed || 'healthy');
    if (failed === 'inconclusive') openFiles.shortage.met();
  }

  #observer(upstream: string): WatchObserver {
    return {
      probed: ({ id }, result) => this.#probed(upstream, id, result),
      changed: ({ id: backend }, reason) => {
        this.metrics.verdict(upstream, backend, reason === undefined);
        if (reason === undefined) this.log.info({ upstream, backend }, 'backend healthy');
        else this.log.warn({ upstream, backend, reason }, 'backend unhealthy');
      },
    };
  }
}
