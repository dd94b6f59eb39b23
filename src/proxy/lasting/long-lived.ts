import { Injectable } from '@nestjs/common';
import type { ListenerInfo } from '../client/listener-info.js';

/** What outlives a response, and wants to be told when the gateway, or a listener, begins to shut down. */
export interface Drainable {
  /** Ends what is open as soon as that can be done cleanly; with `listener`, only what came by that one. Must not throw. */
  drain(listener?: ListenerInfo): void;
}

/** Everything that outlives a response: event streams, tunnels. */
@Injectable()
export class LongLived {
  readonly open = new Set<Drainable>();

  /** The gateway shuts down, or only `listener`: it drains already. */
  drain(listener?: ListenerInfo): void {
    for (const each of [...this.open]) each.drain(listener);
  }
}
