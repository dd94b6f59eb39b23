import { hasFailed } from '../http/exchange-failure.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { foldName } from '../fields/fold-name.js';
import { pathReadings } from '../http/path-readings.js';
import { routingPath } from '../http/path.js';
import type { RandomSource } from '../random/random-source.js';
import { headersField, writeAccessLine } from './access-line.js';
import type { LogDestination } from './destination.js';

/** What the access log writes. The keys are those of `logging.access` in the configuration. */
export interface AccessSettings {
  /** Default true. */
  readonly enabled: boolean;
  /** Share of the exchanges that are written, 0..1. What failed on our side or the backend's is always written. */
  readonly sample: number;
  /** Paths that are never written: exact, or `/x/*` for all below `/x` and itself. Compared with the path as the client spelled it. */
  readonly exclude: readonly string[];
  /**
   * Names of request headers whose values are hidden where headers are written (levels `debug` and `trace`), in addition to
   * fields with names that usually hold secrets. Spellings that some servers read as one of them (`X_Key`) are hidden too.
   */
  readonly redact: readonly string[];
}

/** The part of the application's logger that the access log reads. */
interface LevelSource {
  /** Pino's number of the level in force: 30 is `info`, 20 `debug`; Infinity `silent`. */
  readonly levelVal: number;
}

/**
 * A field with secrets that its name does not suggest: browsers cannot set other fields for a WebSocket, so they send tokens as
 * a subprotocol.
 */
const alwaysRedacted = ['sec-websocket-protocol'];

const debug = 20;
const info = 30;
const error = 50;

/**
 * Writes one JSON line for each exchange when it closes. The level is `error` for exchanges that failed on our side or at the
 * backend, and `info` for others, so a log of level `warn` has no lines of successes. At level `debug` and below, a line has
 * the request's headers as well.
 */
export class AccessLog {
  #enabled = false;
  #sample = 1;
  #paths: ReadonlySet<string> = new Set();
  #prefixes: readonly string[] = [];
  #redact: ReadonlySet<string> = new Set();

  constructor(
    settings: AccessSettings,
    private readonly logger: LevelSource,
    private readonly destination: Pick<LogDestination, 'begin' | 'end'>,
    private readonly random: RandomSource,
  ) {
    this.use(settings);
  }

  /** Writes by other settings from now on. */
  use(settings: AccessSettings): void {
    const prefixes = settings.exclude.filter(path => path.endsWith('/*')).map(path => path.slice(0, -1));
    this.#enabled = settings.enabled;
    this.#sample = settings.sample;
    this.#prefixes = prefixes;
    this.#paths = new Set([...settings.exclude, ...prefixes.map(prefix => prefix.slice(0, -1) || '/')]);
    this.#redact = new Set([...alwaysRedacted, ...settings.redact].map(foldName));
  }

  /** Writes the line of a closed exchange, unless it is excluded or sampled away. */
  write(record: ExchangeRecord): void {
    if (!this.#enabled || this.#isExcluded(record.path)) return;
    const failure = hasFailed(record);
    if (this.logger.levelVal > (failure ? error : info)) return;
    if (this.#sample < 1 && !failure && this.random() >= this.#sample) return;
    const headers = this.logger.levelVal <= debug ? headersField(record.headers, this.#redact) : '';
    writeAccessLine(this.destination.begin(), record, Date.now(), failure, headers);
    this.destination.end();
  }

  #isExcluded(spelled: string): boolean {
    if (this.#paths.size === 0) return false;
    // `/admin/..%2fhealth` is below `/admin` for some backends: a path that can be read in several ways is always logged.
    if (pathReadings(spelled) !== undefined) return false;
    // `/health/../admin` is not below `/health`.
    const path = routingPath(spelled);
    if (this.#paths.has(path)) return true;
    for (const prefix of this.#prefixes) if (path.startsWith(prefix)) return true;
    return false;
  }
}
