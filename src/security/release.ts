import { Logger } from '@nestjs/common';
import type { Releasable } from './policy.js';

const logger = new Logger('Policy');

/** Gives back all that policies have taken for an exchange. An error is logged, and keeps nothing else from being given back. */
export function release(all: readonly Releasable[]): void {
  for (const each of all) {
    try {
      each.release();
    } catch (error) {
      logger.error(error instanceof Error ? error : String(error));
    }
  }
}
