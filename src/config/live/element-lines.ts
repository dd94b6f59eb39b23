import type { Kind } from '../language/kinds/kind.js';
import { isEqual, isSameOrder } from './anatomy.js';
import { isReordered } from './pairs.js';
import { below, isWhole, spell, unset } from './wording.js';

/**
 * The change of a map, or of a list that is too long for one line, element by element: `set.x-tier gold → silver`, `exclude: /ping added`. None when a
 * change of the whole says it better.
 */
export function elementLines(path: string, kind: Kind<unknown>, before: unknown, after: unknown): string[] {
  if (before instanceof Map && after instanceof Map) return entryLines(path, kind, before, after);
  if (!Array.isArray(before) || !Array.isArray(after)) return [];
  const [from, to] = [kind.format(before), kind.format(after)];
  const isShort = isWhole(spell(from)) && isWhole(spell(to));
  return isShort || !Array.isArray(from) || !Array.isArray(to) ? [] : listLines(path, from.map(spell), to.map(spell));
}

function entryLines(
  path: string,
  kind: Kind<unknown>,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): string[] {
  const [from, to] = [before, after].map(map => new Map(Object.entries(kind.format(map) as object)));
  const lines = [...new Set([...after.keys(), ...before.keys()])].flatMap(key => {
    if (before.has(key) && after.has(key) && isEqual(before.get(key), after.get(key))) return [];
    const [one, other] = [from?.get(key), to?.get(key)].map(value => (value === undefined ? unset : spell(value)));
    return [`${below(path, key)} ${one === other ? 'changed' : `${one} → ${other}`}`];
  });
  return isReordered([...before.keys()], [...after.keys()]) ? [`${path}: order changed`, ...lines] : lines;
}

function listLines(path: string, from: readonly string[], to: readonly string[]): string[] {
  const [added, removed] = [without(to, from), without(from, to)];
  if (added.length + removed.length === 0) return [`${path}${isSameOrder(from, to) ? '' : ': order'} changed`];
  return [...added.map(text => `${path}: ${text} added`), ...removed.map(text => `${path}: ${text} removed`)];
}

/** The elements of a list that another does not have; each as often as it has more of them. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const element of other) counts.set(element, (counts.get(element) ?? 0) + 1);
  return list.filter(element => {
    const count = counts.get(element) ?? 0;
    counts.set(element, count - 1);
    return count <= 0;
  });
}
