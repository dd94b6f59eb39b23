import { Injectable } from '@nestjs/common';

/** What outlives a response, and wants to be told when the gateway begins to shut down. */
export interface Drainable {
  /** Ends what is open as soon as that can be done cleanly. Must not throw. */
  drain(): void;
}

/** Everything that outlives a response: event streams, tunnels. */
@Injectable()
export class LongLived {
  readonly open = new Set<Drainable>();

  /** The gateway shuts down: its listeners drain already. */
  drain(): void {
    for (const each of [...this.open]) each.drain();
  }
}
