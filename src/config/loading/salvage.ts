import { blockClassOf, fieldsOf, rememberRefused } from '../language/fields.js';
import { Invalid, invalidsIn } from '../language/kinds/invalid.js';

/**
 * Puts the default in the place of each refused value, so that the rest of the configuration can still be checked. In lists and
 * maps of blocks, refused elements stay, so that the others keep their places.
 */
export function salvage(instance: object): void {
  const defaults = new Map(Object.entries(new (blockClassOf(instance))()));
  const values = new Map<string, unknown>(Object.entries(instance));
  for (const [key, { kind }] of fieldsOf(blockClassOf(instance))) {
    const value = values.get(key);
    if (value instanceof Invalid || (!kind.blocks && invalidsIn(value).length > 0)) {
      rememberRefused(instance, key);
      if (defaults.has(key)) Object.assign(instance, { [key]: defaults.get(key) });
      else Reflect.deleteProperty(instance, key);
    } else for (const inner of blocksIn(value)) salvage(inner);
  }
}

/** The blocks in a value: itself, or the elements of a list or map. */
function blocksIn(value: unknown): object[] {
  if (Array.isArray(value)) return value.flatMap(blocksIn);
  if (value instanceof Map) return [...value.values()].flatMap(blocksIn);
  const isInstance = typeof value === 'object' && value !== null && !(value instanceof Invalid);
  return isInstance && fieldsOf(blockClassOf(value)).size > 0 ? [value] : [];
}
