import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Logger } from 'pino';
import { PINO } from '../../logging/logging.module.js';
import { THREAD, type Thread } from '../../shared-memory/thread.js';
import { changeLines, settingLines, type BackendSetting } from './backend-setting.js';

/** Why a setting has changed: it was asked for; its time is over; its backend has been gone for too long; others have put theirs into force. */
export type ControlReason = 'asked' | 'expired' | 'forgotten' | 'restored';

/** A change of what is set for a backend by hand. */
export interface ControlChange {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Id of the backend. */
  readonly backend: string;
  readonly before: BackendSetting | undefined;
  readonly after: BackendSetting | undefined;
  readonly reason: ControlReason;
  /** Who has asked for it, if that is known. */
  readonly by: string | undefined;
}

/** What is done to a circuit by hand at once: see `CircuitBreaker`. */
export interface CircuitAct {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Id of the backend. */
  readonly backend: string;
  readonly act: 'close' | 'reset';
}

const acts: Readonly<Record<CircuitAct['act'], string>> = { close: 'closed', reset: 'reset' };

const endings: Readonly<Record<ControlReason, string>> = {
  asked: '',
  expired: ': its time is over',
  forgotten: ': the backend has been gone for too long',
  restored: '',
};

/** Writes a log line for each change of what is set for backends by hand, with who has asked for it, and for each backend that comes back and finds something set. */
@Injectable()
export class ControlLog {
  readonly #isQuiet: boolean;

  constructor(
    @Inject(PINO) private readonly pino: Pick<Logger, 'info'>,
    @Optional() @Inject(THREAD) thread?: Thread,
  ) {
    // The main thread has said it.
    this.#isQuiet = thread?.role === 'worker';
  }

  changed({ upstream, backend, before, after, reason, by }: ControlChange): void {
    if (this.#isQuiet || reason === 'restored') return;
    for (const line of changeLines({ upstream, backend }, before, after))
      this.pino.info({ upstream, backend, ...(by !== undefined && { by }) }, `${line}${endings[reason]}`);
  }

  /** A circuit was closed or reset. */
  acted({ act, backend, upstream }: CircuitAct, by: string | undefined): void {
    const fields = { upstream, backend, ...(by !== undefined && { by }) };
    this.pino.info(fields, `the circuit of ${upstream}/${backend} is ${acts[act]} by hand`);
  }

  /** A backend has come back for which this is set. */
  kept(setting: BackendSetting): void {
    if (this.#isQuiet) return;
    const { upstream, backend } = setting;
    for (const line of settingLines(setting, true)) this.pino.info({ upstream, backend }, line);
  }
}
