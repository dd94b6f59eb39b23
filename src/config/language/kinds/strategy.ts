import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';
import { isBlock } from './raw-block.js';
import { maskOptions } from './secret.js';
import { settleSubstitutions } from './substituted.js';
import { name as nameKind } from './text.js';

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
export interface StrategyChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The name of a strategy, or a block with `name` and the strategy's options. */
export const strategy: Kind<StrategyChoice> = {
  label: 'strategy',
  expected: 'the name of a strategy, or a block with name and its options',
  schema: {
    anyOf: [
      { type: 'string', examples: builtInStrategies },
      {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string', examples: builtInStrategies },
          key: { type: 'string', description: 'For consistent-hash: client-ip, path, header:<name> or cookie:<name>.' },
        },
      },
    ],
  },
  parse(raw, source) {
    const { name: written, ...options } = (isBlock(raw) ? settleSubstitutions(raw) : { name: raw }) as {
      name?: unknown;
    };
    const parsed = nameKind.parse(written, source);
    if (parsed instanceof Invalid) return new Invalid(raw, this.expected);
    const key = parsed === 'consistent-hash' ? { key: 'client-ip' } : {};
    return { name: parsed, options: { ...key, ...options } };
  },
  format: ({ name, options }) => (Object.keys(options).length === 0 ? name : { name, ...maskOptions(options) }),
};
