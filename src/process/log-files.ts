import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter, Registry } from 'prom-client';
import { AccessOutput } from '../logging/access-output.js';
import { LogDestination } from '../logging/destination.js';
import { PINO } from '../logging/logging.module.js';
import { FRONT, type Front } from './front.js';

/** The files of the log, and how many lines were lost on their way out. */
@Injectable()
export class LogFiles {
  constructor(
    @Inject(PINO) private readonly log: Logger,
    private readonly access: AccessOutput,
    destination: LogDestination,
    registry: Registry,
    @Optional() @Inject(FRONT) private readonly front?: Pick<Front, 'reopenLogs'>,
  ) {
    new Counter({
      name: 'gatehouse_log_lines_dropped_total',
      help: 'Lines of the log that were lost, because its reader is too slow or the disk is full.',
      labelNames: ['log'],
      registers: [registry],
      collect() {
        this.reset();
        this.inc({ log: 'application' }, destination.dropped);
        this.inc({ log: 'access' }, access.dropped);
      },
    });
  }

  /** Opens the files again by their names, in all threads, since they may have been renamed. False: there are none. */
  reopen(): boolean {
    const { file } = this.access;
    if (file === undefined) return false;
    this.log.info({ file }, 'opening the access log again');
    this.front?.reopenLogs();
    void this.access.reopen();
    return true;
  }
}
