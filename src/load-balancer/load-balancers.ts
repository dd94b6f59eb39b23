import { Injectable } from '@nestjs/common';
import { LoadBalancer } from './load-balancer.js';
import { StickySession, type StickyOptions } from './sticky-session.js';
import { Strategies } from './strategies.js';

/** The `strategy` of an upstream: a registered name and the options as written. */
interface StrategyChoice {
  readonly name: string;
  readonly options?: unknown;
}

/** Makes the load balancers, one for each upstream. */
@Injectable()
export class LoadBalancers {
  constructor(private readonly strategies: Strategies) {}

  /**
   * A load balancer with an instance of the strategy of its own. Throws an ExtensionError, one line that begins with
   * `upstreams.<name>.strategy`, for an unknown strategy or wrong options.
   */
  async create(upstream: string, choice: StrategyChoice, sticky?: StickyOptions): Promise<LoadBalancer> {
    const path = `upstreams.${upstream}.strategy`;
    const strategy = await this.strategies.create({ name: choice.name, options: choice.options, path });
    return new LoadBalancer(strategy, sticky === undefined ? undefined : new StickySession(upstream, sticky));
  }
}
