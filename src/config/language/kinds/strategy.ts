import { namedChoice, type NamedChoice } from './named-choice.js';

/**
 * The strategies that come with the gateway, the default first. The names stand here and on the classes, because the configuration stands on a floor below
 * the strategies; `load-balancers.spec.ts` holds the two lists equal.
 */
export const builtInStrategies = [
  'round-robin',
  'random',
  'least-connections',
  'power-of-two-choices',
  'peak-ewma',
  'ip-hash',
  'consistent-hash',
] as const;

/** The name of a load-balancing strategy, with the options that it declares. */
export type StrategyChoice = NamedChoice;

/** The name of a strategy, or a block with `name` and the strategy's options. */
export const strategy = namedChoice('strategy', {
  builtIn: builtInStrategies,
  properties: {
    key: { type: 'string', description: 'For consistent-hash: client-ip, path, header:<name> or cookie:<name>.' },
  },
  defaults: name => (name === 'consistent-hash' ? { key: 'client-ip' } : {}),
});
