import type { Backend } from '../upstream/backend.js';
import { failure } from './failure.js';
import type { HealthProbe, ProbeResult } from './probe.js';

/**
 * One probe of one backend, which begins with the construction. There is a result within `timeout` milliseconds, even when the
 * probe hangs or throws.
 */
export class ProbeRun {
  /** Never rejects. */
  readonly result: Promise<ProbeResult>;
  /** Resolves when the probe itself has ended: later than the result, or never, when the probe ignores its signal. */
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #resolve: (result: ProbeResult) => void;

  constructor(probe: HealthProbe, backend: Backend, timeout: number) {
    const { promise, resolve } = Promise.withResolvers<ProbeResult>();
    this.result = promise;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.abort(`no result within ${timeout} ms`), timeout).unref();
    this.ended = this.#run(probe, backend);
  }

  /** Gives the probe up: its result is a failure for this reason. Without effect when it has one. */
  abort(reason: string): void {
    clearTimeout(this.#timer);
    this.#resolve(failure(reason));
    this.#abort.abort();
  }

  async #run(probe: HealthProbe, backend: Backend): Promise<void> {
    let result: ProbeResult;
    try {
      result = checked(await probe.check(backend, this.#abort.signal));
    } catch (error) {
      result = failure(error);
    }
    clearTimeout(this.#timer);
    this.#resolve(result);
  }
}

/** Checks the result of a probe: one that is written in JavaScript may return anything. */
function checked(result: ProbeResult | undefined): ProbeResult {
  if (result?.healthy === true) return { healthy: true };
  if (result?.healthy !== false) return failure('the probe gave no result');
  return failure(result.reason, result.inconclusive);
}
