import type { Type } from '@nestjs/common';
import { readOptions } from '../extension/options.js';
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

/** The part of a built-in strategy that checks a configuration without an application. */
interface BuiltinStrategy {
  readonly name: string;
  /** The errors in the options of the strategy, one line each; empty: they are valid. `path`: the place of the strategy in the file. */
  validate(options: unknown, path?: string): readonly string[];
}

/** The strategies that come with Gatehouse, the default first. */
export const builtinStrategies: readonly BuiltinStrategy[] = builtinStrategyClasses.flatMap(type => {
  const named = Strategy.read(type);
  if (named === undefined) return [];
  const validate = (options: unknown, path = 'strategy'): readonly string[] => {
    const result = readOptions(named.options, options, path);
    return result.ok ? [] : result.errors;
  };
  return [{ name: named.name, validate }];
});
