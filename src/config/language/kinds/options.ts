import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';
import { isBlock } from './raw-block.js';
import { maskOptions } from './secret.js';
import { settleSubstitutions } from './substituted.js';

/** The options of a registered extension: plain data, which the extension checks itself. Secrets in it are written as `****`. */
export const options: Kind<Readonly<Record<string, unknown>>> = {
  label: 'options',
  expected: 'a block of options',
  schema: { type: 'object' },
  parse(raw) {
    return isBlock(raw)
      ? (settleSubstitutions(raw) as Readonly<Record<string, unknown>>)
      : new Invalid(raw, this.expected);
  },
  format: maskOptions,
};
