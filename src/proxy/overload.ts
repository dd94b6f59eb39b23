import { Inject, Injectable } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import { LoopDelay, measuredEvery } from './loop-delay.js';

/** Tells whether the thread has more to do than it can: its event loop is delayed for longer than `overload.eventLoopDelay`. */
@Injectable()
export class Overload implements LivePart {
  /** Milliseconds; 0 = off. */
  #limit: number;
  #watches = false;
  #timer: NodeJS.Timeout | undefined;
  /** Undefined while nothing is measured. */
  #delay: LoopDelay | undefined;

  constructor(@Inject(GATEWAY_CONFIG) { overload }: GatewayConfig) {
    this.#limit = overload.eventLoopDelay;
  }

  /** Begins to measure, unless the limit is off. */
  watch(): void {
    this.#watches = true;
    this.#measure();
  }

  /** Ends that, and all of its timers. */
  unwatch(): void {
    this.#watches = false;
    this.#measure();
  }

  /** Whether a request that came at this time, by `performance.now()`, is too much. */
  isOver(now: number): boolean {
    return this.#delay !== undefined && this.#delay.at(now) > this.#limit;
  }

  prepare(transition: Transition): void {
    transition.onCommit(() => {
      this.#limit = transition.to.overload.eventLoopDelay;
      this.#measure();
    });
  }

  #measure(): void {
    const isOn = this.#watches && this.#limit > 0;
    if (isOn === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#delay = undefined;
    if (!isOn) return;
    const delay = (this.#delay = new LoopDelay(performance.now()));
    this.#timer = setInterval(() => delay.measure(performance.now()), measuredEvery).unref();
  }
}
