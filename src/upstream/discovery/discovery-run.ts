import { Source } from '../../config/language/kinds/source.js';
import type { BackendDefinition } from '../live-backend.js';
import type { BackendDiscovery, FoundBackend } from './discovery.js';
import { mostFound, readBackends, refuse } from './found-backends.js';

/** What a run tells of. */
export interface RunObserver {
  /** The backends are others than before. */
  found(backends: readonly BackendDefinition[]): void;
  /** A good list came, whether others are in it or not. */
  answered(): void;
  /** There was none. `reason`: on one line. */
  failed(reason: string): void;
  /** Why this backend may not be used; undefined: it may. */
  refusal(backend: BackendDefinition): string | undefined;
}

/** Milliseconds until a discovery that has thrown is called again: at first, and at most. Each time it is twice as long. */
const [shortestPause, longestPause] = [1_000, 30_000];

/** Characters of a reason; what a discovery throws may be of any length. */
const longestReason = 300;

/** One discovery at work: takes what it publishes, bounds it, and calls it again when it has thrown. */
export class DiscoveryRun {
  /** Resolves with the first good list, or at the end. */
  readonly first: Promise<void>;
  readonly #resolveFirst: () => void;
  #call: AbortController | undefined;
  #ended = false;
  #pause = shortestPause;
  #timer: NodeJS.Timeout | undefined;
  /** The last good list, as JSON. */
  #last: string | undefined;

  constructor(
    private readonly discovery: BackendDiscovery,
    private readonly observer: RunObserver,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.first = promise;
    this.#resolveFirst = resolve;
  }

  /** Call once. */
  start(): void {
    if (!this.#ended) void this.#watch();
  }

  /** Ends it for good. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#call?.abort();
    this.#resolveFirst();
  }

  async #watch(): Promise<void> {
    const { signal } = (this.#call = new AbortController());
    try {
      await this.discovery.watch(
        found => this.#publish(found, signal),
        signal,
        error => this.#failed(error, signal),
      );
    } catch (error) {
      this.#failed(error, signal);
      this.#again();
    }
  }

  #again(): void {
    if (this.#ended) return;
    this.#call?.abort();
    this.#timer = setTimeout(() => void this.#watch(), this.#pause).unref();
    this.#pause = Math.min(2 * this.#pause, longestPause);
  }

  #publish(found: readonly FoundBackend[], signal: AbortSignal): void {
    if (signal.aborted) return;
    try {
      this.#take(found);
    } catch (error) {
      return this.#failed(error, signal);
    }
    this.#pause = shortestPause;
    this.observer.answered();
    this.#resolveFirst();
  }

  #take(found: readonly FoundBackend[]): void {
    // A copy, and plain data: the list is of code that is not ours.
    const isBounded = !Array.isArray(found) || found.length <= mostFound;
    const text = isBounded ? JSON.stringify(found) : '';
    if (isBounded && text === this.#last) return;
    const { backends, findings } = readBackends(isBounded ? JSON.parse(text ?? 'null') : found, new Source('/'));
    refuse(findings);
    refuse(
      backends.flatMap(backend => {
        const message = this.observer.refusal(backend);
        return message === undefined ? [] : [{ path: [], message: `${backend.id}: ${message}` }];
      }),
    );
    this.observer.found(backends);
    this.#last = text;
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (!signal.aborted) this.observer.failed(reasonOf(error));
  }
}

/** What is thrown may be anything. */
function reasonOf(error: unknown): string {
  try {
    const text = error instanceof Error ? error.message || error.name : String(error);
    return text.split('\n', 1)[0]!.slice(0, longestReason) || 'no reason given';
  } catch {
    return 'no reason given';
  }
}
