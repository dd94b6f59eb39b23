import { Injectable } from '@nestjs/common';

/**
 * The phase of the gateway's life. `draining` comes before the listeners close, so that load balancers in front can stop
 * sending traffic in time.
 */
type LifeState = 'starting' | 'ready' | 'draining';

/** The state that `/health/ready` shows. The gateway sets it; `draining` is final. */
@Injectable()
export class Readiness {
  #state: LifeState = 'starting';

  get state(): LifeState {
    return this.#state;
  }

  /** Traffic may come. Without effect once draining. */
  ready(): void {
    if (this.#state === 'starting') this.#state = 'ready';
  }

  /** No new traffic may come. */
  drain(): void {
    this.#state = 'draining';
  }
}
