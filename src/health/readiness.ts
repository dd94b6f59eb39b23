import { Injectable } from '@nestjs/common';

/**
 * The phase of the gateway's life. `draining` comes before the listeners close, so that load balancers in front can stop
 * sending traffic in time. `unserved`: all worker threads have died, and none has been replaced yet.
 */
type LifeState = 'starting' | 'ready' | 'draining' | 'unserved';

/** The state that `/health/ready` and `/health/startup` show. The gateway sets it; `draining` is final. */
@Injectable()
export class Readiness {
  /** Called once, when it begins to drain. Must not throw. */
  whenDrained: (() => void) | undefined;
  #state: LifeState = 'starting';
  #wasReady = false;
  /** There are threads that serve clients. */
  isServed = true;

  get state(): LifeState {
    return this.#state === 'ready' && !this.isServed ? 'unserved' : this.#state;
  }

  /** Traffic may come. Without effect once draining. */
  ready(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    this.#wasReady = true;
  }

  /**
   * Traffic could come at some time, and so may still do: the listeners were open, discovery had found backends or been waited for, and the configuration
   * was in force. Stays true.
   */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  /** No new traffic may come. */
  drain(): void {
    if (this.#state === 'draining') return;
    this.#state = 'draining';
    this.whenDrained?.();
  }
}
