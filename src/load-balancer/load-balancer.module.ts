import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { builtinStrategyClasses } from './builtin-strategies.js';
import { LoadBalancers } from './load-balancers.js';
import { RandomModule } from '../random/random.module.js';
import { Strategies } from './strategies.js';

/** The built-in strategies, and `LoadBalancers`, which makes a load balancer for each upstream. */
@Module({
  imports: [DiscoveryModule, RandomModule],
  providers: [...builtinStrategyClasses, Strategies, LoadBalancers],
  exports: [LoadBalancers],
})
export class LoadBalancerModule {}
