import { Discovery, type BackendDiscovery, type FoundBackend } from '../discovery.js';
import { DnsOptions } from './dns-options.js';
import { DnsQuestions } from './dns-questions.js';

/** Milliseconds between two questions at least, where it is not `refresh` that is shorter: a TTL may be 0. */
const shortestWait = 1_000;

/**
 * Finds backends by A, AAAA or SRV records. Asks again every `refresh` milliseconds, and earlier when the answer holds for less. An answer that there is
 * nothing (NXDOMAIN, no records) is a failure as well, so that the backends before stay: DNS servers give it while they start or reload, an upstream
 * without backends serves no request at all, and backends that are really gone are taken out by their breakers and health checks.
 */
@Discovery('dns', { options: DnsOptions })
export class DnsDiscovery implements BackendDiscovery {
  #options = new DnsOptions();

  configure(options: DnsOptions): void {
    this.#options = options;
  }

  async watch(
    publish: (backends: readonly FoundBackend[]) => void,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): Promise<void> {
    const questions = new DnsQuestions(this.#options);
    signal.addEventListener('abort', () => questions.end(), { once: true });
    const { refresh } = this.#options;
    let hasFound = false;
    while (!signal.aborted) {
      let wait = hasFound ? refresh : Math.min(refresh, shortestWait);
      try {
        const { backends, holdsFor } = await questions.ask();
        publish(backends);
        hasFound = true;
        wait = Math.min(refresh, Math.max(holdsFor, shortestWait));
      } catch (error) {
        if (signal.aborted) return;
        failed(error);
      }
      await passed(wait, signal);
    }
  }
}

/** Resolves after so many milliseconds, or when `signal` is aborted. */
function passed(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds).unref();
    signal.addEventListener('abort', end);
  });
}
