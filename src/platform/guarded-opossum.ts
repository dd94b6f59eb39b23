import Opossum from 'opossum';
import { bucketsOfWindow, type CircuitWindow } from './circuit-window.js';

/** When a circuit opens, and for how long. Times in milliseconds. */
interface OpossumSettings {
  /** Share of failed calls in the window from which it opens. */
  readonly errorThreshold: number;
  /** Calls in the window before it may open. */
  readonly volumeThreshold: number;
  readonly window: number;
  readonly openFor: number;
}

/** A promise that was kept and says so at once: opossum changes its state before `fire` returns, not a microtask later. */
interface Kept {
  then(tell: (value: true) => void): Kept;
  catch(): Kept;
}

const kept: Kept = {
  then: tell => {
    tell(true);
    return kept;
  },
  catch: () => kept,
};

const failed = new Error('the attempt failed');

function outcome(succeeded: boolean): Promise<true> {
  if (!succeeded) throw failed;
  return kept as unknown as Promise<true>;
}

/**
 * How opossum runs the circuits: with its statistics, its thresholds, its timer and its states, and no timeout, cache or percentiles.
 *
 * Leans on what opossum 10 does not promise: that it acts on a thenable in the call that returns it, not a microtask later; that it reads
 * `resetTimeout` from the options that it was given each time it opens; that it opens and closes by its own `open()` and `close()`; and
 * what a success counts. Its `fire` has no way that is synchronous, and nothing of it sets the time until the next trial.
 */
export class GuardedOpossum extends Opossum<[succeeded: boolean], true> {
  readonly #mayOpen: () => boolean;
  readonly #window: CircuitWindow;
  readonly #options: Opossum.Options;

  /** `mayOpen` is asked when the error threshold is reached; false: stay closed. A failed trial opens without asking. */
  constructor(config: OpossumSettings, window: CircuitWindow, mayOpen: () => boolean) {
    const options: Opossum.Options = {
      status: window.status,
      timeout: false,
      // opossum opens above its threshold, the configuration says from it on: the next smaller number does that.
      errorThresholdPercentage: config.errorThreshold * 100 * (1 - Number.EPSILON),
      volumeThreshold: config.volumeThreshold,
      rollingCountTimeout: config.window,
      rollingCountBuckets: bucketsOfWindow,
      resetTimeout: config.openFor,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    };
    super(outcome, options);
    // opossum looks at this very object each time.
    this.#options = options;
    this.#mayOpen = mayOpen;
    this.#window = window;
    // With a fallback the promise of a failed call resolves, so none can go unhandled.
    this.fallback(() => true);
  }

  /** Counts one outcome, and acts on it before it returns. */
  record(succeeded: boolean): void {
    // After a shutdown, which also disables, opossum would reject or throw.
    if (!this.enabled) return;
    // All that `fire` does with it, which makes two promises for that and emits two events: 2 % of an exchange.
    if (succeeded && this.closed) this.#window.countSuccess();
    else void this.fire(succeeded);
  }

  /** Milliseconds that it will be open for when it opens next. */
  get openFor(): number {
    return this.#options.resetTimeout!;
  }

  set openFor(milliseconds: number) {
    this.#options.resetTimeout = milliseconds;
  }

  override open(): void {
    if (this.halfOpen || this.#mayOpen()) super.open();
  }

  /** Opens without asking. */
  forceOpen(): void {
    super.open();
  }
}
