import { fieldsOf, type Field } from '../../language/fields.js';
import type { BlockClass } from '../../language/kinds/kind.js';

/** The block classes below one, each once, in the order of the file. */
export function blockClasses(root: BlockClass, found: Set<BlockClass> = new Set()): BlockClass[] {
  for (const { kind } of fieldsOf(root).values()) {
    for (const block of kind.blocks ?? []) {
      const blockClass = block();
      if (!found.has(blockClass)) blockClasses(blockClass, found.add(blockClass));
    }
  }
  return [...found];
}

/** The default of a key in the spelling of the file; undefined when it has none. */
export function defaultOf(blockClass: BlockClass, { name, kind }: Field): unknown {
  const value = new Map<string, unknown>(Object.entries(new blockClass())).get(name);
  return value === undefined ? undefined : kind.format(value);
}
