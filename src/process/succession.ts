import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Module, Optional, type DynamicModule } from '@nestjs/common';
import { PORT_SHARING, type PortSharing } from '../listeners/port-sharing.js';

/** The process of the gateway before this one, which listens on the same ports. */
export interface Predecessor {
  /** Has it end gracefully, and close its admin listener at once. Rejects, in one line, when it does not. */
  leave(): Promise<void>;
}

const PREDECESSOR = Symbol('gatehouse.predecessor');

/** Milliseconds for which a successor waits for the address of the admin listener, and between two tries. */
const [patience, interval] = [10_000, 20];

/** How one process of a gateway follows another: the successor listens beside it, and then has it end. */
@Injectable()
export class Succession {
  /** A successor has the addresses of this process. */
  hasSuccessor = false;
  #begin: (() => boolean) | undefined;
  #end: (() => void) | undefined;

  constructor(@Optional() @Inject(PREDECESSOR) readonly predecessor?: Predecessor) {}

  /** `begin`: whether the end may begin now, and does so; false: it has begun before. `end`: ends this process gracefully; called once. */
  onHandOver(begin: () => boolean, end: () => void): void {
    this.#begin = begin;
    this.#end = end;
  }

  /** A successor listens: this process ends, right behind the answer to who asks. False: it cannot, or does already. */
  handOver(): boolean {
    if (this.#end === undefined || this.#begin?.() !== true) return false;
    this.hasSuccessor = true;
    setImmediate(this.#end);
    return true;
  }

  /** Has the predecessor leave, and then calls `listen`, as long as its address is not free. */
  async takeOver(listen: () => Promise<unknown>): Promise<void> {
    await this.predecessor?.leave();
    const deadline = performance.now() + patience;
    for (;;) {
      try {
        await listen();
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || performance.now() > deadline) throw error;
        await pause(interval);
      }
    }
  }
}

/** Has a gateway share its ports with the process before it and the one behind it. */
@Module({})
export class SuccessionModule {
  /** `predecessor`: the process that listens now; undefined: there is none. */
  static forRoot(predecessor: Predecessor | undefined): DynamicModule {
    const sharing: PortSharing = { beside: predecessor !== undefined };
    const providers = [
      { provide: PORT_SHARING, useValue: sharing },
      { provide: PREDECESSOR, useValue: predecessor },
    ];
    return { module: SuccessionModule, global: true, providers, exports: [PORT_SHARING, PREDECESSOR] };
  }
}
