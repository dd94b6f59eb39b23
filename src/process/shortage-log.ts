import type { Logger } from 'pino';
import type { ShortageReport } from '../platform/shortage.js';

/** Writes one line when descriptors run out, with the remedy, and one when there are enough again. */
export class ShortageLog implements ShortageReport {
  constructor(private readonly log: Logger) {}

  began(limit: number): void {
    const limited = Number.isFinite(limit) ? { openFiles: limit } : {};
    this.log.warn(
      limited,
      'the limit of open files is too low for so many connections: some are refused; raise it (ulimit -n, LimitNOFILE= of systemd), or lower limits.connections of the listeners',
    );
  }

  ended(refused: number): void {
    this.log.warn({ refused }, 'the limit of open files suffices again: no connection was refused for a minute');
  }
}
