import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Logger } from 'pino';
import type { ConfigVersion } from '../admin/admin-sources.js';
import { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { describeChanges } from '../config/live/describe-changes.js';
import { digestsOf, filesOf } from '../config/live/files-of.js';
import { needsRestart } from '../config/live/needs-restart.js';
import { shareUnchanged } from '../config/live/share-unchanged.js';
import { Transition, type LivePart } from '../config/live/transition.js';
import { sharePlain } from '../config/loading/plain-config.js';
import { effectiveConfig } from '../config/showing/effective-config.js';
import { HealthMonitor } from '../health/health-monitor.js';
import { Listeners } from '../listeners/listeners.js';
import { PINO } from '../logging/logging.module.js';
import { ConfigMetrics, type ReloadResult } from '../metrics/config-metrics.js';
import { LiveRules } from '../proxy/live-rules.js';
import { LongLived } from '../proxy/lasting/long-lived.js';
import { Overload } from '../proxy/overload.js';
import { Targets } from '../proxy/target/targets.js';
import { RoutePolicies } from '../security/route-policies.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import { Tracing } from '../tracing/tracing.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { DiscoveryMonitor } from '../upstream/discovery/discovery-monitor.js';
import { Upstreams } from '../upstream/upstreams.js';
import { FRONT, type Front } from './front.js';
import { LiveLogging } from './live-logging.js';
import { ServedConfig } from './served-config.js';

/** Milliseconds for which the end waits for a configuration that is on its way: a module may be slow to make what it needs. */
const waitForLast = 1_000;

/** What a new configuration has changed. */
export interface AppliedConfig {
  /** In words, a line each: `route orders: timeouts.response 5s → 8s`. Empty: nothing has changed. */
  readonly changes: readonly string[];
  /** Of these, the changes that take effect only with the next start. */
  readonly pending: readonly string[];
}

/** The configuration in force, which can change while the gateway runs. */
@Injectable()
export class LiveConfig {
  /** Called when another configuration is in force. Must not throw. */
  whenApplied: ((applied: AppliedConfig) => void) | undefined;
  #current: GatewayConfig;
  /** Why the configuration that was asked for last is not in force; undefined: it is. */
  #refusal: Error | undefined;
  /** What the files that the configuration names held when it took effect. */
  #digests: ReadonlyMap<string, string> = new Map();
  #begun: Promise<void> | undefined;
  #ended = false;
  #last: Promise<unknown> = Promise.resolve();
  #hash = 0;
  #since = Date.now();
  #lastReload: ConfigVersion['lastReload'];
  /** From the lower floors to the upper ones. */
  readonly #parts: readonly LivePart[];

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly atStart: GatewayConfig,
    @Inject(PINO) private readonly log: Logger,
    private readonly metrics: ConfigMetrics,
    upstreams: Upstreams,
    private readonly control: BackendControl,
    discovery: DiscoveryMonitor,
    logging: LiveLogging,
    breakers: CircuitBreakers,
    monitor: HealthMonitor,
    policies: RoutePolicies,
    targets: Targets,
    rules: LiveRules,
    tracing: Tracing,
    overload: Overload,
    longLived: LongLived,
    private readonly listeners: Listeners,
    private readonly served: ServedConfig,
    @Optional() @Inject(THREAD) private readonly thread?: Thread,
    @Optional() @Inject(FRONT) private readonly front?: Front,
  ) {
    this.#current = atStart;
    this.#parts = [
      upstreams,
      control,
      discovery,
      logging,
      breakers,
      monitor,
      policies,
      targets,
      rules,
      tracing,
      overload,
      longLived,
      front ?? listeners,
    ];
  }

  /** The configuration in force. */
  get current(): GatewayConfig {
    return this.#current;
  }

  /** Why the configuration that was asked for last is not in force; undefined: it is. */
  get refusal(): Error | undefined {
    return this.#refusal;
  }

  get version(): ConfigVersion {
    const pending = needsRestart(this.atStart, this.#current);
    return { hash: this.#hash, since: this.#since, pending, lastReload: this.#lastReload };
  }

  /** The gateway has started. */
  begin(): Promise<void> {
    return (this.#begun ??= this.#remember(this.#current));
  }

  /** The gateway ends: no other configuration takes effect any more. Resolves when one that is on its way has, or has not. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.race([this.#last.catch(() => undefined), setTimeout(waitForLast, undefined, { ref: false })]);
  }

  /**
   * Puts another configuration into force, in one step, or none of it. What has not changed keeps its state; exchanges, streams and tunnels keep what
   * they began with. Configurations that are asked for at the same time follow each other. Rejects with an error of one line when the application does not
   * have what the configuration names, or an address cannot be used; the one before stays in force then.
   *
   * `agreed`: called when all is prepared; the configuration takes effect when it resolves, and not when it rejects: for threads that change together.
   */
  apply(config: GatewayConfig, agreed?: () => Promise<void>): Promise<AppliedConfig> {
    const applied = this.#last.then(
      () => this.#apply(config, agreed),
      () => this.#apply(config, agreed),
    );
    this.#last = applied;
    return applied;
  }

  /** A configuration could not even be read: the one in force stays. */
  refuse(error: Error): void {
    this.#refusal = error;
    this.#asked('refused');
    if (this.thread?.role === 'worker') return;
    for (const line of error.message.split('\n')) this.log.error(`configuration not changed: ${line}`);
  }

  async #apply(config: GatewayConfig, agreed?: () => Promise<void>): Promise<AppliedConfig> {
    if (this.#begun === undefined) throw new Error('the gateway has not started');
    await this.#begun;
    if (this.#ended) throw new Error('the gateway is shutting down');
    const from = this.#current;
    const digests = await digestsOf(filesOf(config, { ofListeners: false }));
    const changed = new Set([...digests].flatMap(([file, digest]) => (this.#differs(file, digest) ? [file] : [])));
    const to = shareUnchanged(config, from, changed);
    sharePlain(config, to);
    const changes = describeChanges(from, to, changed);
    if (to === from) return this.#unchanged();
    try {
      await this.#transit(new Transition(from, to), agreed);
    } catch (error) {
      this.refuse(error as Error);
      throw error;
    }
    this.#current = to;
    this.served.follow(from, to);
    this.#digests = digests;
    this.#refusal = undefined;
    this.#asked('applied');
    this.#inForce(to);
    const pending = needsRestart(from, to);
    if (this.thread?.role === 'worker') return { changes, pending };
    this.log.info({ changes: changes.length }, 'configuration changed');
    for (const line of [...changes, ...this.control.lines()]) this.log.info(line);
    for (const line of pending) this.log.warn(line);
    this.whenApplied?.({ changes, pending });
    return { changes, pending };
  }

  async #transit(transition: Transition, agreed?: () => Promise<void>): Promise<void> {
    try {
      for (const part of this.#parts) await part.prepare(transition);
      await agreed?.();
      // The end may have begun meanwhile: it must not find listeners that it does not know.
      if (this.#ended) throw new Error('the gateway is shutting down');
    } catch (error) {
      transition.discard();
      throw error;
    }
    transition.commit();
  }

  #unchanged(): AppliedConfig {
    // Theirs are not among the files of the configuration, which has shared everything.
    (this.front ?? this.listeners).reloadCertificates();
    this.#refusal = undefined;
    this.#asked('unchanged');
    if (this.thread?.role !== 'worker') this.log.info('configuration read again: nothing has changed');
    return { changes: [], pending: [] };
  }

  #inForce(config: GatewayConfig): void {
    this.#hash = hashOf(config);
    this.#since = Date.now();
    this.metrics.inForce(this.#hash);
  }

  #asked(result: ReloadResult): void {
    this.#lastReload = { time: Date.now(), result };
    this.metrics.asked(result);
  }

  #differs(file: string, digest: string): boolean {
    const before = this.#digests.get(file);
    return before !== undefined && before !== digest;
  }

  async #remember(config: GatewayConfig): Promise<void> {
    this.#inForce(config);
    this.#digests = await digestsOf(filesOf(config, { ofListeners: false }));
  }
}

/** A number of 48 bits, which a gauge holds exactly. Secrets are masked in what it is made of. */
function hashOf(config: GatewayConfig): number {
  return createHash('sha256')
    .update(JSON.stringify(effectiveConfig(config)))
    .digest()
    .readUIntBE(0, 6);
}
