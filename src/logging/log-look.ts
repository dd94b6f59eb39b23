import { isatty } from 'node:tty';
import type { AccessFormat, AccessLook } from './access-log.js';
import { prettyFormat } from './pretty.js';

/** The settings that say how the lines of the log look. */
interface LookSettings {
  readonly format?: 'json' | 'pretty' | undefined;
  readonly time: 'epoch' | 'iso';
  readonly access: { readonly format?: AccessFormat | undefined; readonly file: string };
}

const stdout = 1;

/** How the lines of the log look. At a terminal they are for people, in colour unless `NO_COLOR` is set (https://no-color.org); a file gets no colours. */
export class LogLook {
  /** For JSON lines that are to be for people; undefined: they stay as they are. */
  formatLine: ((line: string) => string) | undefined;
  /** JSON lines tell the time as ISO 8601. */
  isoTime = false;
  readonly #isTerminal: boolean;
  readonly #isColored: boolean;

  /** `isStdout`: the log goes to standard output. */
  constructor(
    settings: LookSettings,
    isStdout: boolean,
    isTerminal: (descriptor: number) => boolean = isatty,
    { NO_COLOR = '' }: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#isTerminal = isStdout && isTerminal(stdout);
    this.#isColored = this.#isTerminal && NO_COLOR === '';
    this.use(settings);
  }

  /** Looks otherwise from now on. */
  use(settings: LookSettings): void {
    this.isoTime = settings.time === 'iso';
    this.formatLine = this.#formatOf(settings) === 'pretty' ? prettyFormat(this.#isColored) : undefined;
  }

  /** How access lines look by these settings. */
  ofAccess(settings: LookSettings): AccessLook {
    const { access, time } = settings;
    const isFile = access.file !== '';
    const format = access.format ?? (isFile ? 'json' : this.#formatOf(settings));
    return { format, isColored: this.#isColored && !isFile, isoTime: time === 'iso' };
  }

  #formatOf({ format }: LookSettings): 'json' | 'pretty' {
    return format ?? (this.#isTerminal ? 'pretty' : 'json');
  }
}
