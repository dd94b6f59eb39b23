import { Worker } from 'node:worker_threads';
import type { ThreadQuestion, ThreadReport } from '../admin/live/thread-report.js';
import type { ThreadMetrics } from '../metrics/aggregate.js';
import { HeartbeatWatch } from './heartbeat.js';
import type { Ports, ToMain, ToWorker, WorkerListener, WorkerStart } from './messages.js';

/** Why a worker has died. */
export type Death = 'crashed' | 'stuck' | 'memory';

/** Milliseconds without a heartbeat after which a worker is stuck: while it carries traffic, and while it reads a configuration, which blocks it. */
const patience = { serving: 5_000, reading: 60_000 };

/** What a pool hears of a worker. */
export interface WorkerObserver {
  heard(worker: WorkerHandle, message: ToMain): void;
  /** It has died, or could not start. `error`: what it has died of, where it says so. */
  died(worker: WorkerHandle, death: Death, error: Error | undefined): void;
}

/** One worker thread, from its start to its end. */
export class WorkerHandle {
  readonly index: number;
  /** It carries traffic. */
  isListening = false;
  /** Since when it carries traffic, by `performance.now()`. */
  listeningSince = Infinity;
  /** Resolves when its thread is gone and has written all. */
  readonly gone: Promise<void>;
  /** It was told to end. */
  isEnding = false;
  /** Configurations that it reads now: at first the one that it begins with. */
  #readings = 1;
  readonly #worker: Worker;
  #death: Death = 'crashed';
  #error: Error | undefined;
  #questions = 0;
  readonly #answers = new Map<number, PromiseWithResolvers<ThreadMetrics>>();
  readonly #reports = new Map<number, (report: ThreadReport | undefined) => void>();
  readonly #serving: HeartbeatWatch;
  readonly #reading: HeartbeatWatch;
  readonly #loaded = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<readonly WorkerListener[]>();

  constructor(entry: URL, start: WorkerStart, observer: WorkerObserver) {
    this.index = start.index;
    this.#worker = new Worker(entry, { workerData: start, name: `gatehouse worker ${start.index}` });
    const { beats } = start.memory;
    this.#serving = new HeartbeatWatch(beats, start.index, patience.serving);
    this.#reading = new HeartbeatWatch(beats, start.index, patience.reading);
    for (const each of [this.#loaded, this.#opened]) each.promise.catch(() => undefined);
    this.#worker.on('message', (message: ToMain) => {
      this.#hear(message);
      observer.heard(this, message);
    });
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error;
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') this.#death = 'memory';
    });
    this.gone = new Promise(resolve => {
      this.#worker.once('exit', () => {
        const why = this.#error ?? new Error(`worker ${start.index} has ended`);
        this.#loaded.reject(why);
        this.#opened.reject(why);
        for (const answer of this.#answers.values()) answer.reject(why);
        for (const answer of this.#reports.values()) answer(undefined);
        this.isListening = false;
        if (!this.isEnding) observer.died(this, this.#death, this.#error);
        resolve();
      });
    });
  }

  /** Waits until it can listen. Rejects when it cannot start. */
  loaded(): Promise<void> {
    return this.#loaded.promise;
  }

  /** Opens its listeners. Rejects when an address cannot be used, or when it dies. */
  async listen(ports: Ports): Promise<readonly WorkerListener[]> {
    this.post({ kind: 'listen', ports });
    const listeners = await this.#opened.promise;
    this.endReading();
    this.isListening = true;
    this.listeningSince = performance.now();
    return listeners;
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** It is about to read a configuration, and may be silent for longer until {@link endReading}. */
  beginReading(): void {
    this.#readings++;
  }

  endReading(): void {
    // What has kept it silent was the configuration.
    if (--this.#readings === 0) this.#serving.renew();
  }

  /** Its metrics. Rejects when it dies, and does not settle as long as it does not answer. */
  read(): Promise<ThreadMetrics> {
    const question = ++this.#questions;
    const answer = Promise.withResolvers<ThreadMetrics>();
    this.#answers.set(question, answer);
    this.post({ kind: 'read-metrics', question });
    return answer.promise;
  }

  /** What goes on there; undefined: it has died, or has not answered within `patience` milliseconds. */
  report(about: ThreadQuestion, patience: number): Promise<ThreadReport | undefined> {
    const question = ++this.#questions;
    return new Promise(resolve => {
      const answer = (report: ThreadReport | undefined): void => {
        clearTimeout(late);
        this.#reports.delete(question);
        resolve(report);
      };
      const late = setTimeout(() => answer(undefined), patience);
      this.#reports.set(question, answer);
      this.post({ kind: 'report', question, about });
    });
  }

  /** Ends it if its heartbeat has stopped. To be called every half second or so. */
  look(): void {
    const [isStuck, isStuckReading] = [this.#serving.isStuck(), this.#reading.isStuck()];
    if (this.#readings > 0 ? isStuckReading : isStuck) void this.kill('stuck');
  }

  /** Ends it at once, so that it is replaced. */
  async kill(death: Death = 'crashed'): Promise<void> {
    this.#death = death;
    await this.#worker.terminate();
  }

  /** Ends it at once, and for good. */
  async terminate(): Promise<void> {
    this.isEnding = true;
    await this.#worker.terminate();
    await this.gone;
  }

  #hear(message: ToMain): void {
    switch (message.kind) {
      case 'loaded':
        return this.#loaded.resolve();
      case 'listening':
        return this.#opened.resolve(message.listeners);
      case 'refused': {
        const error = new Error(message.message);
        this.#loaded.reject(error);
        return this.#opened.reject(error);
      }
      case 'metrics':
        this.#answers.get(message.question)?.resolve(JSON.parse(message.metrics) as ThreadMetrics);
        this.#answers.delete(message.question);
        return;
      case 'report':
        return this.#reports.get(message.question)?.(message.report);
      default:
    }
  }
}
