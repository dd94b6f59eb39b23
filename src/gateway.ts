import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Logger } from 'pino';
import { AdminServer } from './admin/admin-server.js';
import type { GatewayConfig } from './config/file/gateway.config.js';
import { READY_OPTIONS, type ReadyOptions } from './nest/gateway-options.js';
import { Readiness } from './health/readiness.js';
import { authority, type Listener } from './listeners/listener.js';
import { Listeners } from './listeners/listeners.js';
import { StartError } from './listeners/start-error.js';
import { PINO } from './logging/logging.module.js';
import { Beats } from './metrics/recent/beats.js';
import { openFiles } from './platform/open-files.js';
import { LiveConfig, type AppliedConfig } from './process/live-config.js';
import { drain } from './process/drain.js';
import { FRONT, type Front, type OpenListener } from './process/front.js';
import { Succession } from './process/succession.js';
import { ShortageLog } from './process/shortage-log.js';
import { Entrance } from './proxy/entrance.js';
import { Exchanges } from './proxy/exchanges.js';
import { HostedExchanges } from './proxy/hosted-exchanges.js';
import { LongLived } from './proxy/lasting/long-lived.js';
import { Overload } from './proxy/overload.js';
import { ProxyController } from './proxy/proxy.controller.js';
import { policiesFor } from './security/controllers/policies-for.js';
import type { RequestPolicy } from './security/policy.js';
import { RoutePolicies } from './security/route-policies.js';
import { SharedCounts } from './shared-memory/shared-counts.js';
import { SseController } from './sse/sse.controller.js';
import { THREAD, type Thread } from './shared-memory/thread.js';
import { DiscoveryMonitor } from './upstream/discovery/discovery-monitor.js';
import { Tracing } from './tracing/tracing.js';
import { TunnelGateway } from './websocket/tunnel.gateway.js';

/** Milliseconds for which the listeners wait for the first backends that are found. */
const waitForBackends = 2_000;

/** Milliseconds in which traces that are not exported yet must be, at the end: as long as is left of the grace, within these. */
const flushWithin = { least: 500, most: 2_000 };

/** A gateway: opens, drains and closes its listeners for clients and its admin listener. */
@Injectable()
export class Gateway {
  #started: Promise<void> | undefined;
  #opened: Promise<void> | undefined;
  #stopped: Promise<number> | undefined;
  #unwatch: (() => void) | undefined;
  #countApart: (() => void) | undefined;
  readonly #stopping = new AbortController();

  /** Made by Nest. @internal */
  constructor(
    private readonly live: LiveConfig,
    @Inject(PINO) private readonly log: Logger,
    private readonly entrance: Entrance,
    private readonly requests: ProxyController,
    private readonly events: SseController,
    private readonly upgrades: TunnelGateway,
    private readonly clients: Listeners,
    private readonly admin: AdminServer,
    private readonly readiness: Readiness,
    private readonly exchanges: Exchanges,
    private readonly hosted: HostedExchanges,
    private readonly longLived: LongLived,
    private readonly overload: Overload,
    private readonly beats: Beats,
    private readonly routePolicies: RoutePolicies,
    private readonly discovery: DiscoveryMonitor,
    private readonly counts: SharedCounts,
    private readonly succession: Succession,
    private readonly tracing: Tracing,
    @Optional() @Inject(THREAD) private readonly thread?: Thread,
    @Optional() @Inject(FRONT) private readonly front?: Front,
    @Optional() @Inject(READY_OPTIONS) private readonly options?: ReadyOptions,
  ) {}

  get listeners(): readonly Listener[] {
    return this.clients.all;
  }

  /** Name and address of each listener that is open, wherever in this process. */
  get addresses(): readonly OpenListener[] {
    return this.front?.listeners ?? this.clients.all;
  }

  /** The configuration in force. */
  get config(): GatewayConfig {
    return this.live.current;
  }

  /**
   * Puts another configuration into force while the gateway runs, in one step, or none of it: `buildConfig`, `parseConfig` and `loadConfig` make one.
   * What has not changed, by name and id, keeps its state: connections, breakers, health, limits, counts. Exchanges, event streams and tunnels keep what
   * they began with; those whose route or backend is gone are ended after `shutdown.grace`. Resolves with the changes in words.
   *
   * Rejects, and leaves everything as it is, when a module that the configuration names is missing (ExtensionError), when an address or a
   * certificate cannot be used ({@link StartError}), before {@link start} and after {@link stop}.
   */
  apply(config: GatewayConfig): Promise<AppliedConfig> {
    return this.live.apply(config);
  }

  /** The address for operators: `http://127.0.0.1:9901`. Throws before it listens. */
  get adminUrl(): string {
    const { address, family, port } = this.admin.address;
    return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
  }

  /**
   * The policies that a `security` block asks for, for `@UsePolicies(token)` on controllers of your own: the policies share
   * limits, stores and keys with the gateway. Rejects with a ConfigError for wrong settings, and for `cors` and `headers`,
   * which are no policies. They stay as they are when the configuration changes.
   *
   * ```ts
   * const guarded = { provide: 'guarded', inject: [Gateway], useFactory: (gateway: Gateway) => gateway.policies({ auth }) };
   * ```
   */
  policies(security: object): Promise<readonly RequestPolicy[]> {
    return policiesFor(this.routePolicies, this.live.current, security);
  }

  /**
   * Opens the admin listener and the listeners. Rejects with a {@link StartError} when an address cannot be used; nothing is
   * left open then. In an application of your own, the start of the application does this.
   */
  start(): Promise<void> {
    return (this.#started ??= this.#start());
  }

  /**
   * Ends gracefully within `grace` milliseconds (default: `shutdown.grace`, after `delay`, by default `shutdown.delay`, in which the listeners still accept): readiness says
   * 503, no new connections, what is in flight may finish. Resolves with the number of exchanges that had to be cut. In an application of your own, the end of the
   * application does this.
   */
  stop(grace?: number, delay?: number): Promise<number> {
    const { shutdown } = this.live.current;
    return (this.#stopped ??= this.#stop(grace ?? shutdown.grace, delay ?? (grace === undefined ? shutdown.delay : 0)));
  }

  async #start(): Promise<void> {
    // A signal may end the gateway before its listeners are opened, or meanwhile.
    if (this.#stopped !== undefined) return;
    const { entrance, events, log, requests, upgrades } = this;
    entrance.open({ events, requests, upgrades });
    this.#unwatch = openFiles.shortage.watch(new ShortageLog(log));
    const descriptors = this.counts.space('descriptors');
    if (descriptors !== undefined) this.#countApart = openFiles.countWith(descriptors, this.counts.threads);
    this.overload.watch();
    this.beats.begin();
    try {
      await (this.#opened = this.#open());
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    await this.live.begin();
    if (this.#stopped !== undefined) return;
    this.readiness.ready();
    // One line for the gateway, and not one for each of its threads.
    if (this.#isWorker) return;
    for (const { name, url } of this.addresses) log.info({ listener: name, url }, 'listening');
    if (this.options?.admin?.listener !== false) log.info({ listener: 'admin', url: this.adminUrl }, 'listening');
  }

  get #isWorker(): boolean {
    return this.thread?.role === 'worker';
  }

  async #open(): Promise<void> {
    if (this.#isWorker) return this.clients.listen();
    const { host, port } = this.live.current.admin;
    const cannot = StartError.rethrow(`admin.port: cannot listen on ${authority(host, port)}`);
    const isFirst = this.succession.predecessor === undefined;
    this.discovery.start();
    const hasAdmin = this.options?.admin?.listener !== false;
    if (isFirst && hasAdmin) await this.admin.listen(port, host).catch(cannot);
    await this.discovery.firstFound(waitForBackends, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    if (this.options?.listeners === false) return;
    await (this.front === undefined ? this.clients.listen() : this.front.listen(this.live.current));
    if (!isFirst) await this.succession.takeOver(() => this.admin.listen(port, host)).catch(cannot);
  }

  async #stop(grace: number, delay: number): Promise<number> {
    const { log, readiness } = this;
    readiness.drain();
    this.#stopping.abort();
    // A server that is about to listen cannot be closed: it would listen afterwards, or never say that it does.
    await this.#opened?.catch(() => undefined);
    await this.live.end();
    // Its successor wants the address.
    if (this.succession.hasSuccessor && !this.#isWorker) await this.admin.close();
    const waits = readiness.wasReady ? delay : 0;
    if (waits > 0 && !this.#isWorker)
      log.info({ milliseconds: waits }, 'not ready any more, and still accepting (shutdown.delay)');
    const drainsUntil = performance.now() + waits + grace;
    const cut = await (this.front === undefined
      ? this.#drain(grace, waits)
      : this.front.end(grace, waits, this.succession.hasSuccessor));
    // A collector that does not answer must not hold up the end, nor a short grace lose all that has ended just now.
    const left = drainsUntil - performance.now();
    await this.tracing.close(Math.min(flushWithin.most, Math.max(flushWithin.least, left)));
    this.discovery.end();
    this.overload.unwatch();
    this.beats.end();
    this.#unwatch?.();
    this.#countApart?.();
    if (this.#isWorker) return cut;
    if (cut > 0) log.warn({ exchanges: cut }, 'cut what did not end within shutdown.grace');
    if (!this.succession.hasSuccessor) await this.admin.close();
    log.info('stopped');
    return cut;
  }

  async #drain(grace: number, delay: number): Promise<number> {
    const { clients, exchanges, hosted, log, longLived, thread } = this;
    if (delay > 0) {
      for (const listener of clients.all) listener.dismiss();
      await setTimeout(delay);
    }
    const leaving = clients.end(this.succession.hasSuccessor);
    const connections = leaving.reduce((sum, listener) => sum + listener.connections, 0);
    const counts = { exchanges: exchanges.open, streamsAndTunnels: longLived.open.size, connections };
    if (thread?.tell === undefined) log.info(counts, 'draining');
    else thread.tell(counts, 'draining');
    const own = {
      get open(): number {
        return exchanges.open - hosted.open;
      },
    };
    const drained = [drain(leaving, own, grace, this.succession.hasSuccessor), hosted.drain(grace)];
    longLived.drain();
    const cut = await Promise.all(drained);
    return cut.reduce((sum, each) => sum + each);
  }
}
