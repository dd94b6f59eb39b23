import { fieldsOf } from './fields.js';
import { Key } from './key.js';
import type { BlockClass } from './kinds/kind.js';

/**
 * A block class with the same keys as another, but without defaults: keys that are not written are absent, so that `{
 * ...upstream.timeouts, ...route.timeouts }` is the block in force.
 */
export function Overrides<T extends object>(original: BlockClass<T>, owner: string): new () => Partial<T> {
  class Overriding {}
  for (const { name, kind, doc } of fieldsOf(original).values()) {
    Key(kind, { doc, defaultText: `${owner}` })(Overriding.prototype, name);
  }
  return Overriding as new () => Partial<T>;
}
