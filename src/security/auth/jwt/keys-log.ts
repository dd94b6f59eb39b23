import type { Logger } from 'pino';
import type { KeysObserver } from './remote-keys.js';

/** Writes one log line when keys cannot be fetched, and one when they can again, instead of one for each attempt. */
export class KeysLog implements KeysObserver {
  readonly #url: string;
  #problem: string | undefined;

  constructor(
    url: string,
    private readonly log: Logger,
  ) {
    const { origin, pathname } = new URL(url);
    // The URL without its query, which may hold a secret.
    this.#url = origin + pathname;
  }

  fetched(problem: string | undefined): void {
    if (problem === this.#problem) return;
    if (problem === undefined) this.log.info({ jwks: this.#url }, 'keys for tokens fetched');
    else this.log.warn({ jwks: this.#url, reason: problem }, 'cannot fetch the keys for tokens');
    this.#problem = problem;
  }
}
