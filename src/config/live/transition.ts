import type { GatewayConfig } from '../file/gateway.config.js';

/**
 * The way from one configuration to the next. The parts of the gateway prepare for it one after the other, from the lower floors to the upper
 * ones; then all that they have prepared takes effect in one step, or nothing does. Blocks of `to` that say the same as in `from` are the same
 * objects, so `===` tells a part what has not changed.
 */
export class Transition {
  readonly #commits: (() => void)[] = [];
  readonly #afterwards: (() => void)[] = [];
  readonly #discards: (() => void)[] = [];

  constructor(
    readonly from: GatewayConfig,
    readonly to: GatewayConfig,
  ) {}

  /** Calls `act` when the transition takes effect, behind those that were there before. It is synchronous and must not throw. */
  onCommit(act: () => void): void {
    this.#commits.push(act);
  }

  /** Calls `act` when all parts have taken effect: what reaches into several of them, such as exchanges that go on. Must not throw. */
  afterCommit(act: () => void): void {
    this.#afterwards.push(act);
  }

  /** Calls `act` when the transition does not take effect, because a part has refused. Lets go of what was made for it. Must not throw. */
  onDiscard(act: () => void): void {
    this.#discards.push(act);
  }

  /** Takes effect. */
  commit(): void {
    for (const act of this.#commits) act();
    for (const act of this.#afterwards) act();
  }

  /** Takes no effect. */
  discard(): void {
    for (const act of this.#discards.toReversed()) act();
  }
}

/** A part of the gateway that is made from the configuration, and goes along when that changes while it runs. */
export interface LivePart {
  /**
   * Makes what the next configuration needs, without any effect on what runs, and says by `onCommit` and `onDiscard` what is to become of it. Parts of
   * lower floors have prepared before. Rejects with an error of one line for what cannot be had; nothing changes then.
   */
  prepare(transition: Transition): void | Promise<void>;
}

/** What a part has prepared for a transition, for the parts above it. */
export class Prepared<T> {
  readonly #values = new WeakMap<Transition, T>();

  set(transition: Transition, value: T): T {
    this.#values.set(transition, value);
    return value;
  }

  /** Throws when the part has not prepared yet: a fault in the order of the parts. */
  get(transition: Transition): T {
    if (!this.#values.has(transition))
      throw new Error('a lower part of the gateway has not prepared for the transition');
    return this.#values.get(transition)!;
  }
}
