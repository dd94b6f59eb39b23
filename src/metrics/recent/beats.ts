import { Injectable } from '@nestjs/common';

/** A number that grows by one with each beat. */
export interface Beat {
  readonly now: number;
}

/**
 * A clock that is set once a second by a timer, so that a request which looks at it pays nothing for it. Both beats are counted from 1970 by the
 * system's clock, so that they are the same in all threads. They stand still until {@link begin}.
 */
@Injectable()
export class Beats {
  /** Seconds since 1970. */
  readonly seconds = { now: 0 };
  /** Spans of ten seconds since 1970. */
  readonly tens = { now: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.#set();
  }

  /** Starts the timer, which does not keep the process alive. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#set();
    // Just behind the change of the second: a timer of a thousand milliseconds would leave one out now and then.
    this.#timer = setTimeout(() => this.begin(), 1_001 - (Date.now() % 1_000)).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #set(): void {
    this.seconds.now = Math.floor(Date.now() / 1_000);
    this.tens.now = Math.floor(this.seconds.now / 10);
  }
}
