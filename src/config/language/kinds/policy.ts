import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';
import { isBlock } from './raw-block.js';
import { maskOptions } from './secret.js';
import { settleSubstitutions } from './substituted.js';
import { name as nameKind } from './text.js';

/** The name of a custom policy, with the options that it declares. */
export interface PolicyChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The name of a policy, or a block with `name` and the policy's options. */
export const policy: Kind<PolicyChoice> = {
  label: 'policy',
  expected: 'the name of a policy, or a block with name and its options',
  schema: {
    anyOf: [{ type: 'string' }, { type: 'object', required: ['name'], properties: { name: { type: 'string' } } }],
  },
  parse(raw, source) {
    const block = (isBlock(raw) ? settleSubstitutions(raw) : { name: raw }) as { name?: unknown };
    const { name: written, ...options } = block;
    const name = nameKind.parse(written, source);
    return name instanceof Invalid ? new Invalid(raw, this.expected) : { name, options };
  },
  format: ({ name, options }) => (Object.keys(options).length === 0 ? name : { name, ...maskOptions(options) }),
};
