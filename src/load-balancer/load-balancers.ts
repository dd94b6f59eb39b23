import { Injectable } from '@nestjs/common';
import type { NamedEntry } from '../extension/named-providers.js';
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
   * A load balancer with an instance of the strategy of its own. Throws an ExtensionError, one line with its place
   * (`upstreams.<name>.strategy`, or what `describe` says), for an unknown strategy or wrong options.
   */
  async create(
    upstream: string,
    choice: StrategyChoice,
    sticky?: StickyOptions,
    describe?: NamedEntry['describe'],
  ): Promise<LoadBalancer> {
    const { name, options } = choice;
    const path = ['upstreams', upstream, 'strategy'];
    const strategy = await this.strategies.create({ name, options, path, describe });
    return new LoadBalancer(strategy, sticky === undefined ? undefined : new StickySession(upstream, sticky));
  }
}
