import { forwardingNames } from '../fields/forwarding-fields.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { foldName } from '../fields/fold-name.js';
import { pathReadings } from '../http/path-readings.js';
import { routingPath } from '../http/path.js';
import type { RandomSource } from '../random/random-source.js';
import { accessFields, readsResponse } from './access-fields.js';
import { accessFilter } from './access-filter.js';
import { headersField, writeAccessLine, type LineShape } from './access-line.js';
import type { AccessOutput } from './access-output.js';
import { writeCombinedLine } from './combined-line.js';
import { info, levelOf, type Level } from './outcome.js';
import { writePrettyLine } from './pretty-line.js';

/** What the access log writes. The keys are those of `logging.access` in the configuration. */
export interface AccessSettings {
  /** Default true. */
  readonly enabled: boolean;
  /** Share of the exchanges that are written, 0..1. Lines of the levels `warn` and `error` are always written. */
  readonly sample: number;
  /** Paths that are never written: exact, or `/x/*` for all below `/x` and itself. Compared with the path as the client spelled it. */
  readonly exclude: readonly string[];
  /**
   * Names of request headers whose values are hidden where headers are written (levels `debug` and `trace`), in addition to
   * fields with names that usually hold secrets. Spellings that some servers read as one of them (`X_Key`) are hidden too.
   */
  readonly redact: readonly string[];
  /** Fields that are added, by name: what they show. */
  readonly fields: ReadonlyMap<string, string>;
  /** Conditions of which one must hold; empty: all are written. */
  readonly only: readonly string[];
  /** Bits of IPv4 addresses of clients that are shown. */
  readonly maskAddress: number;
}

/** How access lines look. */
export type AccessFormat = 'json' | 'pretty' | 'combined';

/** How lines of the log look. */
export interface AccessLook {
  readonly format: AccessFormat;
  /** Of `pretty`. */
  readonly isColored: boolean;
  /** JSON lines tell the time as ISO 8601. */
  readonly isoTime: boolean;
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
/** Bits of an IPv4 address. */
const wholeAddress = 32;

/**
 * Writes one line for each exchange when it closes. Its level is that of the outcome ({@link levelOf}), so a log of level `warn` has no lines of
 * successes. At level `debug` and below, a line has the request's headers as well (`combined` has none).
 */
export class AccessLog {
  #enabled = false;
  #sample = 1;
  #paths: ReadonlySet<string> = new Set();
  #prefixes: readonly string[] = [];
  #redact: ReadonlySet<string> = new Set();
  #filter: ReturnType<typeof accessFilter>;
  #look!: AccessLook;
  /** How its lines are written. */
  shape!: LineShape;
  /** It shows fields of answers: exchanges are to keep them. */
  readsResponses = false;

  constructor(
    settings: AccessSettings,
    look: AccessLook,
    private readonly logger: LevelSource,
    private readonly output: Pick<AccessOutput, 'begin' | 'end'>,
    private readonly random: RandomSource,
  ) {
    this.use(settings, look);
  }

  /** Writes by other settings from now on. */
  use(settings: AccessSettings, look: AccessLook): void {
    const prefixes = settings.exclude.filter(path => path.endsWith('/*')).map(path => path.slice(0, -1));
    this.#enabled = settings.enabled;
    this.#sample = settings.sample;
    this.#prefixes = prefixes;
    this.#paths = new Set([...settings.exclude, ...prefixes.map(prefix => prefix.slice(0, -1) || '/')]);
    const { fields, maskAddress, only, redact } = settings;
    // A masked address must not stand beside in the words of a proxy.
    const ofClients = maskAddress < wholeAddress ? forwardingNames : [];
    this.#redact = new Set([...alwaysRedacted, ...redact, ...ofClients].map(foldName));
    this.#filter = accessFilter(only);
    this.#look = look;
    this.shape = { isoTime: look.isoTime, addressPrefix: maskAddress, fields: accessFields(fields, this.#redact) };
    this.readsResponses = settings.enabled && readsResponse(fields);
  }

  /** Writes the line of a closed exchange, unless it is excluded, not among those that are wanted, or sampled away. */
  write(record: ExchangeRecord): void {
    if (!this.#enabled || this.#isExcluded(record.path)) return;
    const level = levelOf(record);
    if (this.logger.levelVal > level) return;
    if (this.#filter?.(record) === false) return;
    if (this.#sample < 1 && level === info && this.random() >= this.#sample) return;
    this.#write(record, level);
  }

  #write(record: ExchangeRecord, level: Level): void {
    const { format, isColored } = this.#look;
    const { shape } = this;
    const line = this.output.begin();
    const headers =
      this.logger.levelVal <= debug && format !== 'combined'
        ? headersField(record.headers, this.#redact, shape.addressPrefix < wholeAddress)
        : '';
    const now = Date.now();
    if (format === 'json') writeAccessLine(line, record, now, level, shape, headers);
    else if (format === 'pretty') writePrettyLine(line, record, now, shape, isColored, headers);
    else writeCombinedLine(line, record, now, shape);
    this.output.end();
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
