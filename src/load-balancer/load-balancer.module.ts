import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { builtinStrategyClasses } from './builtin-strategies.js';
import { CLOCK, type Clock } from './clock.js';
import { LoadBalancers } from './load-balancers.js';
import { RANDOM_SOURCE, type RandomSource } from './random-source.js';
import { Strategies } from './strategies.js';

/** The built-in strategies, and `LoadBalancers`, which makes a load balancer for each upstream. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    ...builtinStrategyClasses,
    Strategies,
    LoadBalancers,
    { provide: RANDOM_SOURCE, useValue: Math.random satisfies RandomSource },
    { provide: CLOCK, useValue: (() => performance.now()) satisfies Clock },
  ],
  exports: [LoadBalancers],
})
export class LoadBalancerModule {}
