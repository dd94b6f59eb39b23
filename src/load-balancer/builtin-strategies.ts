import type { Type } from '@nestjs/common';
import { describeNamed, type DescribedExtension } from '../extension/known-extensions.js';
import { ConsistentHash } from './consistent-hash.js';
import { IpHash } from './ip-hash.js';
import { LeastConnections } from './least-connections.js';
import { PeakEwma } from './peak-ewma.js';
import { PowerOfTwoChoices } from './power-of-two-choices.js';
import { Random } from './random.js';
import { RoundRobin } from './round-robin.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';

/** The classes of the strategies that come with Gatehouse. */
export const builtinStrategyClasses: readonly Type<LoadBalancingStrategy>[] = [
  RoundRobin,
  Random,
  LeastConnections,
  PowerOfTwoChoices,
  PeakEwma,
  IpHash,
  ConsistentHash,
];

/** What a configuration may know of the strategies that come with Gatehouse without an application, the default first. */
export const builtinStrategies: readonly DescribedExtension[] = builtinStrategyClasses.flatMap(type => {
  const named = Strategy.read(type);
  return named === undefined ? [] : [describeNamed(named)];
});
