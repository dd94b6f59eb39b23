import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import { optionalPackage } from '../../packages/optional-package.js';
import { bytesReadBy } from '../../platform/redis-bytes.js';
import { backlogsOf } from './redis-reply.js';
import { takeScript } from './redis-script.js';

/** The callbacks of a link. */
export interface LinkObserver {
  /** Called at the start and when it changes whether the server can be used; `reason`: why it cannot. */
  changed(up: boolean, reason: string): void;
  /** Called when a command has failed or has taken too long. */
  failed(): void;
}

/** A client that knows the script. ioredis sends its text once on each connection, its digest from then on, and its text again to a server that has forgotten it. */
type ScriptedRedis = Redis & {
  takeFromCells(numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
};

/** Milliseconds. */
const commandTimeout = 250;
/** Milliseconds for the very first answer, because the process is busy at its start. */
const firstTimeout = 1000;
const connectTimeout = 2000;
/** Milliseconds without an answer after which the connection is replaced: it may be dead without having been closed. */
const socketTimeout = 2000;
const startTimeout = 1500;
const probeInterval = 500;
/** Consecutive failures, without a success between them. */
const toleratedFailures = 3;
/** Bytes that may come while a command is unanswered; a server that sends more is not read any further. */
const mostUnanswered = 1024 * 1024;
/** Commands that may be under way; a server that falls behind gets no more. */
const maxPending = 4096;

/**
 * The connection to a Redis server with a breaker around it. The link is down as soon as the connection is lost, or when three
 * commands in a row fail or take longer than 250 ms. While it is down, it only sends a probe twice a second, and tries a new
 * connection in the background. A request never waits for a connection.
 */
export class RedisLink {
  readonly #redis: ScriptedRedis;
  readonly #decided = Promise.withResolvers<void>();
  #up: boolean | undefined;
  #failures = 0;
  #pending = 0;
  #lastError = '';
  /** Bytes read from the connection until the last answer. */
  #bytesRead = 0;
  #probe: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    url: string,
    private readonly probeKey: string,
    private readonly observer: LinkObserver,
  ) {
    const ioredis = optionalPackage<typeof import('ioredis')>('rateLimitStore.redis', 'ioredis', () =>
      createRequire(import.meta.url)('ioredis'),
    );
    this.#redis = new ioredis.Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout,
      socketTimeout,
      connectionName: 'gatehouse',
      retryStrategy: attempt => Math.min(attempt * 100, 2000),
      scripts: { takeFromCells: { lua: takeScript } },
    }) as ScriptedRedis;
    this.#redis.on('error', (error: Error) => {
      this.#lastError = error.message;
    });
    this.#redis.on('close', () => this.#change(false, this.#lastError || 'the connection was closed'));
    this.#redis.on('ready', () => {
      this.#lastError = '';
      this.#bytesRead = 0;
      this.#check();
    });
  }

  /** Connects. Resolves when it is known whether the server can be used, after 1.5 s at the latest; never rejects. */
  async start(): Promise<void> {
    this.#redis.connect().catch(() => undefined);
    const timer = setTimeout(() => this.#change(false, 'it does not answer'), startTimeout);
    await this.#decided.promise;
    clearTimeout(timer);
  }

  /** Whether commands are sent. */
  get isUp(): boolean {
    return this.#up === true && this.#pending < maxPending;
  }

  /** Runs the script. Rejects when it fails or takes too long. */
  async take(keys: readonly string[], args: readonly number[]): Promise<number[]> {
    this.#pending++;
    try {
      const backlogs = await this.#run(keys, args, commandTimeout);
      this.#failures = 0;
      this.#bytesRead = bytesReadBy(this.#redis);
      return backlogs;
    } catch (error) {
      this.observer.failed();
      this.#failures++;
      this.#dropFlood();
      if (this.#failures >= toleratedFailures && this.#up === true) {
        this.#change(false, messageOf(error));
        this.#probeLater();
      }
      throw error;
    } finally {
      this.#pending--;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#probe);
    this.#redis.disconnect();
  }

  async #run(keys: readonly string[], args: readonly number[], timeout: number): Promise<number[]> {
    return backlogsOf(await inTime(this.#redis.takeFromCells(keys.length, ...keys, ...args), timeout), args);
  }

  /** Tries the script itself: a server that takes connections may still be loading, read-only or out of memory. */
  #check(): void {
    clearTimeout(this.#probe);
    this.#run([this.probeKey], [1, 1], this.#up === undefined ? firstTimeout : commandTimeout).then(
      () => {
        this.#failures = 0;
        this.#change(true, '');
      },
      (error: unknown) => {
        this.#dropFlood();
        this.#change(false, messageOf(error));
        this.#probeLater();
      },
    );
  }

  /** Replaces a connection with an endless answer, which would otherwise be buffered without end. */
  #dropFlood(): void {
    if (bytesReadBy(this.#redis) - this.#bytesRead > mostUnanswered) this.#redis.disconnect(true);
  }

  #probeLater(): void {
    clearTimeout(this.#probe);
    if (this.#closed) return;
    this.#probe = setTimeout(() => {
      // Otherwise the event `ready` starts the next check.
      if (this.#redis.status === 'ready') this.#check();
    }, probeInterval).unref();
  }

  #change(up: boolean, reason: string): void {
    this.#decided.resolve();
    if (this.#closed || this.#up === up) return;
    this.#up = up;
    this.observer.changed(up, reason);
  }
}

/** The result of a command. Rejects when it takes longer than the timeout. */
function inTime(command: Promise<unknown>, timeout: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // After a pause of this process the timer fires before an answer is read that has already arrived; so one more turn of the
    // event loop is given.
    const late = (): unknown => setImmediate(() => reject(new Error(`no answer in ${timeout} ms`)));
    const timer = setTimeout(late, timeout);
    command.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
