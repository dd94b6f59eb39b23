import { Injectable } from '@nestjs/common';

/** Something that goes on long after its head: an event stream, a tunnel. */
export interface Drainable {
  /** The gateway is shutting down: says goodbye as its protocol has it, and ends soon. */
  drain(): void;
}

/** What is open and would not end by itself while the gateway shuts down. */
@Injectable()
export class LongLived {
  readonly open = new Set<Drainable>();

  /** Asks all of it to end. */
  drain(): void {
    for (const each of [...this.open]) each.drain();
  }
}
