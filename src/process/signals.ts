import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { Logger } from 'pino';
import { refuseDebugger } from './no-debugger.js';

/** Signals that end the gateway: gracefully, and at once when one comes a second time. */
const ending = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** Signals that end a program by default, and that the gateway only logs; SIGHUP where its configuration came from no file. */
const ignored = {
  SIGHUP: 'signal ignored: the configuration came from no file that could be read again',
  SIGUSR1: 'signal ignored: there is no log file to open again, and no debugger',
  SIGUSR2: 'signal ignored: it has no meaning',
} as const;

/** The part of the process that signals come from, for tests. */
interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
}

/** Handles the signals to a running gateway. From its construction on, only the signals that should end the process do so. */
export class Signals {
  readonly #terminal: boolean;
  /** Ignored signals that came before there was a log. */
  #early: (keyof typeof ignored)[] = [];
  #log: Logger | undefined;
  #stop: (() => void) | undefined;
  #reload: (() => void) | undefined;
  #reopen: (() => boolean) | undefined;
  #stopping = false;

  constructor(
    private readonly source: SignalSource = process,
    private readonly isTerminal: () => boolean = () => isatty(0),
  ) {
    this.#terminal = isTerminal();
    for (const signal of Object.keys(ignored) as (keyof typeof ignored)[])
      source.on(signal, () => this.#ignore(signal));
  }

  /**
   * Connects the signals to a gateway: `stop` ends it gracefully, and is called once; `reload` reads its configuration again, for each SIGHUP; `reopen`
   * opens the files of its log again, for each SIGUSR1, and is false where there are none.
   */
  attach(log: Logger, stop: () => void, reload?: () => void, reopen?: () => boolean): void {
    this.#log = log;
    this.#stop = stop;
    this.#reload = reload;
    this.#reopen = reopen;
    for (const signal of this.#early) this.#ignore(signal);
    this.#early = [];
    for (const signal of ending) {
      this.source.on(signal, () => {
        if (this.#stopping) this.source.exit(128 + constants.signals[signal]);
        else this.#end(signal);
      });
    }
    // Closes the debugger that an earlier SIGUSR1 may have opened.
    refuseDebugger();
  }

  #ignore(signal: keyof typeof ignored): void {
    if (this.#log === undefined) this.#early.push(signal);
    // When the terminal is closed, its user can no longer stop the program.
    else if (signal === 'SIGHUP' && this.#terminal && !this.isTerminal()) this.#end(signal);
    else if (signal === 'SIGHUP' && this.#reload !== undefined) {
      this.#log.info({ signal }, 'reading the configuration again');
      this.#reload();
    } else if (signal === 'SIGUSR1' && this.#reopen?.() === true) return;
    else this.#log.warn({ signal }, ignored[signal]);
  }

  /** Begins the end for another reason than a signal; false when it has already begun. */
  beginEnd(): boolean {
    const first = !this.#stopping;
    this.#stopping = true;
    return first;
  }

  #end(signal: NodeJS.Signals): void {
    if (!this.beginEnd()) return;
    this.#log?.info({ signal }, 'ending');
    this.#stop?.();
  }
}
