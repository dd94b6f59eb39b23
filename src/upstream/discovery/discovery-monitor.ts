import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import type { Logger } from 'pino';
import { GATEWAY_CONFIG } from '../../config/config.module.js';
import { DiscoveryConfig, type DiscoveryChoice } from '../../config/file/discovery.config.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { LivePart, Transition } from '../../config/live/transition.js';
import { leadsTo } from '../../config/loading/checks/addresses.js';
import { describeFindings } from '../../config/loading/plain-config.js';
import type { NamedEntry } from '../../extension/named-providers.js';
import { PINO } from '../../logging/logging.module.js';
import { DiscoveryMetrics } from '../../metrics/discovery-metrics.js';
import { THREAD, type Thread } from '../../shared-memory/thread.js';
import type { BackendDefinition } from '../live-backend.js';
import { Upstreams } from '../upstreams.js';
import { Discoveries } from './discoveries.js';
import { DiscoveryRun, type RunObserver } from './discovery-run.js';

/** The discovery of one upstream. */
interface UpstreamDiscovery {
  /** What it was made from. */
  readonly settings: DiscoveryConfig | DiscoveryChoice;
  readonly run: DiscoveryRun;
}

/**
 * Gives every upstream that has a `discovery` the backends that are found, from the start of the gateway to its end. Writes a log line when finding
 * them begins to fail and when it works again, and one when others are found. A discovery goes on over changes of the configuration that do not
 * concern it; what was found by the one before stays until the next one finds something.
 */
@Injectable()
export class DiscoveryMonitor implements OnModuleInit, OnApplicationShutdown, LivePart {
  #upstreams: ReadonlyMap<string, UpstreamDiscovery> = new Map();
  #phase: 'new' | 'started' | 'ended' = 'new';

  constructor(
    @Inject(GATEWAY_CONFIG) private config: GatewayConfig,
    private readonly upstreams: Upstreams,
    private readonly discoveries: Discoveries,
    private readonly metrics: DiscoveryMetrics,
    @Inject(PINO) private readonly log: Logger,
    @Optional() @Inject(THREAD) private readonly thread?: Thread,
  ) {}

  /** Makes the discoveries. Rejects with an ExtensionError for an unknown name or options that one refuses. */
  async onModuleInit(): Promise<void> {
    this.#upstreams = await this.#made(this.config);
  }

  onApplicationShutdown(): void {
    this.end();
  }

  /** Begins to look for backends. */
  start(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'started';
    for (const [name, each] of this.#upstreams) this.#begin(name, each);
  }

  /** Resolves when each upstream has its first backends; after `patience` milliseconds, or when `signal` is aborted, also without. */
  async firstFound(patience: number, signal: AbortSignal): Promise<void> {
    const missing = new Map(Array.from(this.#upstreams, ([name, { run }]) => [name, run.first]));
    if (missing.size === 0 || signal.aborted) return;
    await new Promise<void>(resolve => {
      const goOn = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.log.warn({ upstreams: [...missing.keys()] }, 'no backends were found in time: starting without them');
        goOn();
      }, patience);
      signal.addEventListener('abort', goOn, { once: true });
      for (const [name, first] of missing) {
        void first.then(() => {
          missing.delete(name);
          if (missing.size === 0) goOn();
        });
      }
    });
  }

  /** Ends it for good. What was found stays. */
  end(): void {
    this.#phase = 'ended';
    for (const { run } of this.#upstreams.values()) run.end();
  }

  async prepare(transition: Transition): Promise<void> {
    const { to } = transition;
    const next = await this.#made(to);
    const before = this.#upstreams;
    transition.onCommit(() => {
      this.config = to;
      this.#upstreams = next;
      for (const [name, { run }] of before) {
        if (next.get(name)?.run === run) continue;
        run.end();
        if (to.upstreams.has(name)) this.upstreams.get(name).discoveryFailure = undefined;
        if (!next.has(name)) this.metrics.forget(name);
      }
    });
    transition.afterCommit(() => {
      for (const [name, each] of next) if (before.get(name)?.run !== each.run) this.#begin(name, each);
    });
  }

  #begin(name: string, { run }: UpstreamDiscovery): void {
    if (this.#phase !== 'started') return;
    this.metrics.begun(name);
    run.start();
  }

  /** The discoveries of a configuration; those of which it says the same as before stay as they are. */
  async #made(config: GatewayConfig): Promise<Map<string, UpstreamDiscovery>> {
    const made = new Map<string, UpstreamDiscovery>();
    // The main thread finds them, and tells the workers.
    if (this.thread?.role === 'worker') return made;
    for (const [name, { discovery: settings }] of config.upstreams) {
      if (settings === undefined) continue;
      const before = this.#upstreams.get(name);
      const isSame = before?.settings === settings;
      made.set(name, isSame ? before : { settings, run: await this.#run(config, name, settings) });
    }
    return made;
  }

  async #run(
    config: GatewayConfig,
    upstream: string,
    settings: DiscoveryConfig | DiscoveryChoice,
  ): Promise<DiscoveryRun> {
    const path = ['upstreams', upstream, 'discovery'];
    const describe: NamedEntry['describe'] = faults => describeFindings(config, faults);
    const discovery = await this.discoveries.create({ ...choiceOf(settings), path, describe });
    return new DiscoveryRun(discovery, this.#observer(upstream));
  }

  #observer(name: string): RunObserver {
    return {
      found: backends => this.#found(name, backends),
      answered: () => {
        const upstream = this.upstreams.get(name);
        this.metrics.answered(name);
        if (upstream.discoveryFailure === undefined) return;
        upstream.discoveryFailure = undefined;
        this.log.info({ upstream: name }, 'discovery works again');
      },
      failed: reason => {
        const upstream = this.upstreams.get(name);
        this.metrics.failed(name);
        if (upstream.discoveryFailure === undefined)
          this.log.warn({ upstream: name, reason }, 'discovery fails: the backends that were found last stay');
        upstream.discoveryFailure = reason;
      },
      refusal: backend => refusalOf(this.config, backend),
    };
  }

  #found(name: string, found: readonly BackendDefinition[]): void {
    const upstream = this.upstreams.get(name);
    const before = new Set(upstream.backends);
    this.upstreams.found(name, found, this.config.shutdown.grace);
    this.metrics.found(name, found.length);
    const { backends } = upstream;
    const added = backends.filter(backend => !before.has(backend)).length;
    const counts = { backends: backends.length, added, removed: before.size - (backends.length - added) };
    this.log.info({ upstream: name, ...counts }, 'backends found');
  }
}

function choiceOf(settings: DiscoveryConfig | DiscoveryChoice): { name: string; options: object } {
  if (!(settings instanceof DiscoveryConfig)) return settings;
  const { file, ...dns } = settings;
  return file === undefined ? { name: 'dns', options: dns } : { name: 'file', options: { file } };
}

/** A backend that is this gateway would send requests in circles, or to the admin side. */
function refusalOf({ admin, listeners }: GatewayConfig, { unix, url }: BackendDefinition): string | undefined {
  const address = new URL(url);
  if (unix === undefined && leadsTo(address, admin)) return 'the admin side of this gateway listens there';
  const isOwn = listeners.some(listener =>
    unix === undefined ? listener.unix === undefined && leadsTo(address, listener) : listener.unix === unix,
  );
  return isOwn ? 'a listener of this gateway is there: its requests would come back to it' : undefined;
}
