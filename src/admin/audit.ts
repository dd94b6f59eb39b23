import type { Logger } from 'pino';

/** A request that was to change something. */
export interface AuditedRequest {
  /** What it is called: `drain`, `breaker/open`, `reload`. */
  readonly action: string;
  /** The upstream and the backend that it is for. */
  readonly upstream: string | undefined;
  readonly backend: string | undefined;
  /** Address that it came from. */
  readonly by: string;
  /** It had the admin token; undefined: none is asked for. */
  readonly authenticated: boolean | undefined;
  /** Those of the values of its query and its body that the API knows: others may be anything, a secret too. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly status: number;
  /** What was answered, in words. */
  readonly result: readonly string[];
}

/** Refusals that are written out in a minute; more are only counted. */
const mostRefused = 30;
const minute = 60_000;

/**
 * Writes a line with the message `audit` for each request that was to change something: at `info` when it did, at `warn` when it was refused. A flood
 * of refusals is counted in one line.
 */
export class Audit {
  #refused = 0;
  #since = -Infinity;

  constructor(private readonly log: Pick<Logger, 'info' | 'warn'>) {}

  note(request: AuditedRequest): void {
    if (request.status < 400) return this.log.info(request, 'audit');
    const now = performance.now();
    if (now - this.#since >= minute) {
      if (this.#refused > mostRefused) this.log.warn({ refused: this.#refused - mostRefused }, 'audit: more refusals');
      [this.#since, this.#refused] = [now, 0];
    }
    if (++this.#refused <= mostRefused) this.log.warn(request, 'audit');
  }
}
