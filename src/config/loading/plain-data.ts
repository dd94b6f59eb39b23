const deepest = 64;

/**
 * A copy of plain data without prototypes and without keys whose value is undefined: the loader works on the copy, so that the
 * caller's object is neither changed nor shared. Maps become blocks.
 */
export function plainData(value: unknown, depth = 0): unknown {
  if (depth > deepest) throw new TypeError('the configuration is nested too deep, or contains itself');
  if (Array.isArray(value)) return value.map(item => plainData(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const block = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of value instanceof Map ? value : Object.entries(value)) {
    if (item !== undefined) block[String(key)] = plainData(item, depth + 1);
  }
  return block;
}
