import type { OnApplicationShutdown } from '@nestjs/common';
import type { ThreadQuestion, ThreadReports } from '../admin/live/thread-report.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { plainOf } from '../config/loading/plain-config.js';
import type { Transition } from '../config/live/transition.js';
import { checkFree } from '../listeners/port-sharing.js';
import { StartError } from '../listeners/start-error.js';
import { MergedMetrics } from '../metrics/merged-metrics.js';
import type { Front, OpenListener } from '../process/front.js';
import { CountTable } from '../shared-memory/count-table.js';
import { LoadTable } from '../upstream/load/load-table.js';
import { CommonState } from './common-state.js';
import { Drain } from './drain.js';
import { inquire } from './inquiry.js';
import type { Ports, ToMain, ToWorker, WorkerListener } from './messages.js';
import type { PoolParts, PoolSettings } from './pool-parts.js';
import { RestartDelay } from './restart-delay.js';
import { Rounds } from './rounds.js';
import { WorkerTails } from './worker-tails.js';
import { WorkerHandle, type Death, type WorkerObserver } from './worker-handle.js';

/** Milliseconds between two looks at the workers. */
const lookInterval = 500;
/** Milliseconds between two readings of the metrics of all workers, so that little of them is lost with one. */
const metricsInterval = 1_000;
/** Milliseconds between two looks for cells of backends that are gone. */
const sweepInterval = 60_000;
/** Milliseconds for which workers that have ended gracefully may take longer than they should. */
const slack = 5_000;

/** The worker threads that carry the traffic: started, watched, replaced, changed and ended together. */
export class WorkerPool implements Front, WorkerObserver, OnApplicationShutdown {
  readonly metrics: MergedMetrics;
  readonly tails = new WorkerTails(() => this.#workers.values());
  readonly #workers = new Map<number, WorkerHandle>();
  readonly #delays = new Map<number, RestartDelay>();
  /** The workers that wait for their replacement, by their indices. */
  readonly #restarts = new Map<number, NodeJS.Timeout>();
  /** What is told of workers that have died before all had begun. */
  readonly #early: (() => void)[] = [];
  readonly #state: CommonState;
  readonly #rounds: Rounds<WorkerHandle>;
  readonly #loads: LoadTable;
  readonly #counts: CountTable;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #drain: Drain;
  #config: GatewayConfig | undefined;
  #listeners: readonly WorkerListener[] = [];
  #phase: 'new' | 'open' | 'ended' = 'new';

  constructor(
    private readonly settings: PoolSettings,
    private readonly parts: PoolParts,
  ) {
    this.#loads = new LoadTable(settings.memory.loads, 0);
    this.#counts = new CountTable(settings.memory.counts, 0);
    this.#rounds = new Rounds(() => this.#workers.values());
    this.#drain = new Drain(parts.log);
    const { breakers, control, tickets, upstreams } = parts;
    this.#state = new CommonState(upstreams, breakers, control, tickets, (message, but) => this.#tell(message, but));
    this.metrics = new MergedMetrics(parts.registry, () => this.#read());
  }

  get listeners(): readonly OpenListener[] {
    return this.#listeners;
  }

  async listen(config: GatewayConfig): Promise<void> {
    this.#config = config;
    if (!this.settings.beside) await checkFree(config.listeners);
    // Also while they begin: one that hangs then would keep the gateway from starting, without a word.
    this.#every(lookInterval, () => {
      for (const worker of this.#workers.values()) worker.look();
    });
    try {
      const workers = Array.from({ length: this.settings.count }, (_, n) => this.#start(n + 1));
      const [first, ...others] = workers;
      await first!.loaded();
      // The first gets the ports that the system chooses.
      this.#listeners = await first!.listen({});
      await Promise.all(
        others.map(async worker => {
          await worker.loaded();
          await worker.listen(this.#ports());
        }),
      );
    } catch (error) {
      await this.#end();
      throw new StartError((error as Error).message);
    }
    if (this.#phase === 'ended') return;
    this.#phase = 'open';
    this.#every(metricsInterval, () => void this.metrics.remember());
    this.#every(sweepInterval, () => {
      // Workers may have prepared for backends that are not in use yet.
      if (!this.#rounds.isUnderWay) this.#loads.retain(this.#backends());
    });
    for (const tell of this.#early) tell();
    this.#count();
  }

  get threads(): { readonly thread: number; readonly isRunning: boolean }[] {
    return Array.from({ length: this.settings.count }, (_, n) => {
      return { thread: n + 1, isRunning: this.#workers.get(n + 1)?.isListening === true };
    });
  }

  report(question: ThreadQuestion): Promise<ThreadReports> {
    return inquire(this.#workers.values(), question);
  }

  reloadCertificates(): void {
    this.#tell({ kind: 'certificates' });
  }

  reopenLogs(): void {
    this.#tell({ kind: 'reopen-logs' });
  }

  /** All workers prepare; they take the configuration in the turn in which this thread does. */
  async prepare(transition: Transition): Promise<void> {
    if (this.#phase !== 'open') throw new Error('the gateway is shutting down');
    const { to } = transition;
    await checkFree(to.listeners, new Set(this.#listeners.flatMap(({ port }) => port ?? [])));
    const round = await this.#rounds.prepare(plainOf(to), this.#ports(to));
    transition.onDiscard(() => this.#rounds.discard(round));
    transition.onCommit(() => {
      this.#config = to;
      for (const worker of this.#rounds.commit(round)) void this.#follow(worker);
      if (round.listeners !== undefined) this.#listenOn(round.listeners);
      // None runs: perhaps because of the configuration before.
      else for (const index of this.#restarts.keys()) this.#restart(index, 0);
    });
  }

  async end(grace: number, delay: number, isFollowed: boolean): Promise<number> {
    this.#phase = 'ended';
    const workers = [...this.#workers.values()];
    // One that is still starting carries nothing.
    for (const worker of workers.filter(each => !each.isListening)) void worker.terminate();
    const ending = workers.filter(each => each.isListening);
    const ended = this.#drain.wait(ending.map(({ index }) => index));
    for (const worker of ending) {
      worker.isEnding = true;
      worker.post({ kind: 'end', grace, delay, isFollowed });
      void worker.gone.then(() => this.#drain.gone(worker.index));
    }
    const deadline = setTimeout(
      () => {
        for (const worker of ending) void worker.terminate();
      },
      grace + delay + slack,
    );
    const cut = await ended;
    await Promise.all(workers.map(({ gone }) => gone));
    clearTimeout(deadline);
    await this.#end();
    return cut;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#end();
  }

  heard(worker: WorkerHandle, message: ToMain): void {
    switch (message.kind) {
      case 'circuit':
        return this.#state.circuit(message.event, worker.index);
      case 'prepared':
      case 'cannot':
        return this.#rounds.heard(worker, message);
      case 'tail':
        return this.tails.heard(worker, message);
      case 'explanation':
        return this.parts.explanations.keepText(message.explanation);
      case 'told':
        return this.#drain.told(worker.index, message.fields);
      case 'ended':
        return this.#drain.ended(worker.index, message.cut);
      default:
    }
  }

  died(worker: WorkerHandle, death: Death, error: Error | undefined): void {
    const { index } = worker;
    this.#rounds.gone(worker);
    this.#loads.forget(index);
    this.#counts.forget(index);
    this.metrics.ended(index);
    if (this.#phase === 'new') this.#early.push(() => this.died(worker, death, error));
    if (this.#phase !== 'open') return;
    this.#workers.delete(index);
    const { log, metrics } = this.parts;
    this.#count();
    metrics.restarted(death);
    const lived = worker.listeningSince === Infinity ? 0 : performance.now() - worker.listeningSince;
    const delay = this.#delayOf(index).next(lived);
    log.error(
      { worker: index, death, ...(delay > 0 && { milliseconds: delay }), err: error },
      'worker died: replacing it',
    );
    this.#restart(index, delay);
  }

  #restart(index: number, delay: number): void {
    clearTimeout(this.#restarts.get(index));
    const timer = setTimeout(() => {
      this.#restarts.delete(index);
      void this.#replace(index);
    }, delay);
    this.#restarts.set(index, timer);
  }

  async #replace(index: number): Promise<void> {
    if (this.#phase !== 'open') return;
    const config = this.#config;
    const worker = this.#start(index);
    try {
      await worker.loaded();
      const listeners = await worker.listen(this.#ports());
      if (this.#running === 1) this.#listenOn(listeners);
    } catch (error) {
      if (this.#phase !== 'open') return;
      this.parts.log.error({ worker: index, reason: (error as Error).message }, 'worker could not be replaced');
      // Its end is reported, and it is tried again then.
      await worker.kill();
      return;
    }
    this.#count();
    if (config !== this.#config) await this.#follow(worker);
    if (worker.isListening) this.parts.log.info({ worker: index }, 'worker replaced');
  }

  /** The configuration changed while a worker began. */
  async #follow(worker: WorkerHandle): Promise<void> {
    const config = plainOf(this.#config!);
    const listeners = await this.#rounds.follow(worker, config, this.#ports(), () => this.#state.now);
    if (listeners !== undefined && this.#running === 1) this.#listenOn(listeners);
  }

  #start(index: number): WorkerHandle {
    const { count, entry, extensions, instance, memory } = this.settings;
    const config = plainOf(this.#config!);
    const start = { index, workers: count, config, instance, extensions, memory, state: this.#state.now };
    const worker = new WorkerHandle(entry, start, this);
    this.#workers.set(index, worker);
    this.tails.begin(worker);
    return worker;
  }

  async #end(): Promise<void> {
    this.#phase = 'ended';
    for (const timer of this.#timers) clearInterval(timer);
    for (const timer of this.#restarts.values()) clearTimeout(timer);
    const workers = [...this.#workers.values()];
    this.#workers.clear();
    await Promise.all(workers.map(worker => worker.terminate()));
  }

  #tell(message: ToWorker, but?: number): void {
    for (const worker of this.#workers.values()) if (worker.index !== but) worker.post(message);
  }

  /** `opened`: what a worker has opened. Unix sockets are the first worker's, which may not run just now. */
  #listenOn(opened: readonly WorkerListener[]): void {
    const before = this.#listeners;
    this.#listeners = this.#config!.listeners.flatMap(({ name, unix }) =>
      unix === undefined ? opened.filter(each => each.name === name) : [{ name, url: `unix:${unix}`, port: undefined }],
    );
    this.#tellOf('listening', this.#listeners, before);
    this.#tellOf('no longer listening', before, this.#listeners);
  }

  #tellOf(what: string, listeners: readonly WorkerListener[], others: readonly WorkerListener[]): void {
    for (const { name, url } of listeners) {
      if (!others.some(other => other.name === name && other.url === url))
        this.parts.log.info({ listener: name, url }, what);
    }
  }

  /** The ports that listeners have got which may have any. */
  #ports({ listeners } = this.#config!): Ports {
    const any = new Set(listeners.flatMap(({ name, port }) => (port === 0 ? [name] : [])));
    const got = this.#listeners.filter(({ name, port }) => any.has(name) && port !== undefined);
    return Object.fromEntries(got.map(({ name, port }) => [name, port!]));
  }

  *#read() {
    for (const worker of this.#workers.values()) {
      if (worker.isListening) yield { id: worker.index, read: () => worker.read() };
    }
  }

  *#backends(): Iterable<readonly [string, string]> {
    for (const { backends, leaving, name } of this.parts.upstreams)
      for (const { id } of [...backends, ...leaving]) yield [name, id];
  }

  get #running(): number {
    return [...this.#workers.values()].filter(({ isListening }) => isListening).length;
  }

  /** The number of workers that carry traffic may have changed. */
  #count(): void {
    const running = this.#running;
    this.parts.metrics.running(running);
    this.parts.readiness.isServed = running > 0;
  }

  #delayOf(index: number): RestartDelay {
    let delay = this.#delays.get(index);
    if (delay === undefined) this.#delays.set(index, (delay = new RestartDelay()));
    return delay;
  }

  #every(interval: number, act: () => void): void {
    this.#timers.push(setInterval(act, interval).unref());
  }
}
