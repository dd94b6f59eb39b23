import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { Registry } from 'prom-client';
import { ThreadReporter } from '../admin/live/thread-reporter.js';
import { CircuitBreakers } from '../circuit-breaker/circuit-breakers.js';
import type { KnownNames } from '../config/loading/checks/check.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { rebuildConfig } from '../config/loading/load-config.js';
import { Explanations } from '../explain/explanations.js';
import { Tail } from '../logging/tail/tail.js';
import { Listeners } from '../listeners/listeners.js';
import { TicketSecret } from '../listeners/tls/ticket-secret.js';
import { AccessOutput } from '../logging/access-output.js';
import { Succession } from '../process/succession.js';
import { LiveConfig } from '../process/live-config.js';
import type { Thread } from '../shared-memory/thread.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { Upstreams } from '../upstream/upstreams.js';
import { Heartbeat } from './heartbeat.js';
import type {
  FoundBackends,
  HealthVerdict,
  KnownState,
  Ports,
  ToMain,
  ToWorker,
  WorkerListener,
  WorkerStart,
} from './messages.js';
import { ThreadModule } from './thread.module.js';

/** The part of a gateway that the thread of a worker uses. */
interface WorkerGateway {
  readonly app: INestApplicationContext;
  start(): Promise<void>;
  stop(grace?: number, delay?: number): Promise<number>;
}

/** Makes the application of a gateway: `createGateway`. */
type MakeGateway = (
  config: GatewayConfig,
  options: { readonly imports: (Type | DynamicModule)[]; readonly instance: string; readonly worker: number },
) => Promise<WorkerGateway>;

/** What is added to a gateway of the program. */
interface Extensions {
  readonly imports: readonly (Type | DynamicModule)[];
  readonly known: KnownNames;
}

/**
 * Runs the traffic of a gateway in this thread, a worker, as the main thread tells it to. Resolves when it has begun; what ends it ends the thread. `extend`: loads the files
 * of extensions.
 */
export async function carryTraffic(
  make: MakeGateway,
  extend: (files: readonly string[]) => Promise<Extensions>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this is for worker threads');
  const start = workerData as WorkerStart;
  new Heartbeat(start.memory.beats, start.index).begin();
  try {
    const { imports, known } = await extend(start.extensions);
    const extended: MakeGateway = (config, options) =>
      make(config, { ...options, imports: [...options.imports, ...imports] });
    await TrafficThread.begin(extended, known, port, start);
  } catch (error) {
    port.postMessage({ kind: 'refused', message: (error as Error).message } satisfies ToMain);
  }
}

/** A worker: a gateway with listeners for clients, without an admin listener, probes and discoveries of its own. */
class TrafficThread {
  /** What the main thread says of the configurations that are being prepared, by their rounds: whether they take effect. */
  readonly #verdicts = new Map<number, PromiseWithResolvers<boolean>>();

  /** Has the next lines sent to watchers, by their ids. */
  readonly #next = new Map<number, () => void>();

  private constructor(
    private readonly port: MessagePort,
    private readonly gateway: WorkerGateway,
    private readonly config: GatewayConfig,
    private readonly known: KnownNames,
  ) {}

  static async begin(make: MakeGateway, known: KnownNames, port: MessagePort, start: WorkerStart): Promise<void> {
    const { config: plain, index, instance, memory, state } = start;
    const config = rebuildConfig(plain, known);
    const tell = (fields: Readonly<Record<string, number>>, what: string): void =>
      port.postMessage({ kind: 'told', fields, what } satisfies ToMain);
    const thread: Thread = { role: 'worker', index, loads: memory.loads, tell };
    const gateway = await make(config, {
      imports: [ThreadModule.forRoot(thread, memory, start.workers)],
      instance,
      worker: index,
    });
    const worker = new TrafficThread(port, gateway, config, known);
    worker.#know(state);
    worker.#tellOfCircuits();
    gateway.app
      .get(Explanations)
      .onKept(each => worker.#say({ kind: 'explanation', explanation: JSON.stringify(each) }));
    port.on('message', (message: ToWorker) => worker.#take(message));
    worker.#say({ kind: 'loaded' });
  }

  #say(message: ToMain): void {
    this.port.postMessage(message);
  }

  #take(message: ToWorker): void {
    switch (message.kind) {
      case 'listen':
        return void this.#listen(message.ports);
      case 'prepare':
        return void this.#prepare(message);
      case 'commit':
      case 'discard':
        return this.#verdicts.get(message.round)?.resolve(message.kind === 'commit');
      case 'know':
        return this.#know(message.state);
      case 'certificates':
        return this.gateway.app.get(Listeners).reloadCertificates();
      case 'reopen-logs':
        return void this.gateway.app.get(AccessOutput).reopen();
      case 'tickets':
        return this.gateway.app.get(TicketSecret).replace(message.secret);
      case 'found':
        return this.#found(message.found);
      case 'health':
        return this.#health(message.verdict);
      case 'circuit':
        return this.gateway.app.get(CircuitBreakers).follow(message.event);
      case 'circuit-act':
        return this.gateway.app.get(BackendControl).follow(message.act);
      case 'settings':
        return this.gateway.app.get(BackendControl).restore(message.settings);
      case 'read-metrics':
        return void this.#readMetrics(message.question);
      case 'report':
        return this.#report(message);
      case 'tail':
        return this.#watch(message);
      case 'tail-next':
        return this.#next.get(message.id)?.();
      case 'untail':
        this.#next.delete(message.id);
        return this.gateway.app.get(Tail).unwatch(message.id);
      case 'end':
        this.gateway.app.get(Succession).hasSuccessor = message.isFollowed;
        return void this.#end(message.grace, message.delay);
    }
  }

  async #listen(ports: Ports): Promise<void> {
    this.#assign(this.config, ports);
    try {
      await this.gateway.start();
      this.#say({ kind: 'listening', listeners: this.#listeners() });
    } catch (error) {
      this.#say({ kind: 'refused', message: (error as Error).message });
    }
  }

  async #prepare({ config: plain, ports, round }: ToWorker & { readonly kind: 'prepare' }): Promise<void> {
    // Before anything is awaited: another thread may refuse it while this one still prepares.
    const verdict = Promise.withResolvers<boolean>();
    this.#verdicts.set(round, verdict);
    let hasSaid = false;
    const prepared = (): void => {
      hasSaid = true;
      this.#say({ kind: 'prepared', round, listeners: this.#listeners() });
    };
    try {
      const config = rebuildConfig(plain, this.known);
      this.#assign(config, ports);
      await this.gateway.app.get(LiveConfig).apply(config, async () => {
        prepared();
        if (!(await verdict.promise)) throw new Error('another thread has refused it');
      });
      // Nothing that concerns this thread has changed.
      if (!hasSaid) prepared();
    } catch (error) {
      this.#say({ kind: 'cannot', round, message: (error as Error).message });
    } finally {
      this.#verdicts.delete(round);
    }
  }

  async #readMetrics(question: number): Promise<void> {
    // As text, which costs half of what the system takes for copying the objects.
    const metrics = JSON.stringify(await this.gateway.app.get<Registry>(Registry).getMetricsAsJSON());
    this.#say({ kind: 'metrics', question, metrics });
  }

  #report({ about, question }: ToWorker & { readonly kind: 'report' }): void {
    this.#say({ kind: 'report', question, report: this.gateway.app.get(ThreadReporter).report(about) });
  }

  #watch({ filter, id }: ToWorker & { readonly kind: 'tail' }): void {
    this.gateway.app.get(Tail).watch(id, filter, (batch, next) => {
      this.#next.set(id, next);
      this.#say({ kind: 'tail', id, batch });
    });
  }

  async #end(grace: number, delay: number): Promise<void> {
    const cut = await this.gateway.stop(grace, delay);
    this.#say({ kind: 'ended', cut });
    // What is left to do is done: the log has been written.
    this.port.close();
    process.exit(0);
  }

  #know({ circuits, found, settings, tickets, unhealthy }: KnownState): void {
    this.gateway.app.get(TicketSecret).replace(tickets);
    this.gateway.app.get(BackendControl).restore(settings);
    for (const each of found) this.#found(each);
    for (const each of unhealthy) this.#health(each);
    for (const event of circuits) this.gateway.app.get(CircuitBreakers).follow(event);
  }

  #found({ backends, upstream }: FoundBackends): void {
    const upstreams = this.gateway.app.get(Upstreams);
    const known = [...upstreams].some(({ name }) => name === upstream);
    if (known) upstreams.found(upstream, backends, this.gateway.app.get(LiveConfig).current.shutdown.grace);
  }

  #health({ backend: id, reason, upstream: name }: HealthVerdict): void {
    const upstream = [...this.gateway.app.get(Upstreams)].find(each => each.name === name);
    const backend = upstream?.backends.find(each => each.id === id);
    if (reason === undefined) backend?.lift('unhealthy');
    else backend?.veto('unhealthy', reason);
  }

  #tellOfCircuits(): void {
    this.gateway.app.get(CircuitBreakers).events.subscribe(event => {
      if (event.isFollowed !== true && event.to !== 'half-open') this.#say({ kind: 'circuit', event });
    });
  }

  #listeners(): readonly WorkerListener[] {
    return this.gateway.app.get(Listeners).opened.map(({ name, port, url }) => ({ name, port, url }));
  }

  #assign({ listeners }: GatewayConfig, ports: Ports): void {
    for (const listener of listeners) {
      const port = ports[listener.name];
      if (listener.port === 0 && port !== undefined) listener.port = port;
    }
  }
}
