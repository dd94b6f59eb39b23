import { counterpartsOf, nameOf } from './anatomy.js';

/** A block of a list or map with its counterpart; one of the two may be missing. */
interface Pair {
  /** The name of the blocks, or the place of blocks without names. */
  readonly name: string | number;
  readonly from?: object;
  readonly to?: object;
}

/** The blocks of two lists, or of two maps. */
interface Pairs {
  /** In the order of the second; those that are in the first alone come last. */
  readonly pairs: readonly Pair[];
  /** Whether the blocks that are in both stand in another order. */
  readonly isReordered: boolean;
}

/** Pairs up the blocks of two lists, or of two maps; undefined counts as empty. */
export function pairUp(from: unknown, to: unknown): Pairs {
  if (from instanceof Map || to instanceof Map) return pairUpMaps(blocksByName(from), blocksByName(to));
  return pairUpLists((from ?? []) as readonly object[], (to ?? []) as readonly object[]);
}

function pairUpLists(from: readonly object[], to: readonly object[]): Pairs {
  const counterparts = counterpartsOf(to, from);
  const places = counterparts.filter(place => place !== undefined);
  const taken = new Set(places);
  const kept = to.map((block, place) => pair(nameOf(block) ?? place, from[counterparts[place] ?? -1], block));
  const gone = from.flatMap((block, place) => (taken.has(place) ? [] : [pair(nameOf(block) ?? place, block)]));
  return { pairs: [...kept, ...gone], isReordered: places.some((place, index) => place < (places[index - 1] ?? 0)) };
}

function pairUpMaps(from: ReadonlyMap<string, object>, to: ReadonlyMap<string, object>): Pairs {
  const kept = [...to].map(([name, block]) => pair(name, from.get(name), block));
  const gone = [...from].flatMap(([name, block]) => (to.has(name) ? [] : [pair(name, block)]));
  return { pairs: [...kept, ...gone], isReordered: isReordered([...from.keys()], [...to.keys()]) };
}

/** Whether the elements that are in both of two lists without repetition stand in another order. */
export function isReordered(from: readonly string[], to: readonly string[]): boolean {
  const places = new Map(from.map((element, place) => [element, place]));
  let last = -1;
  for (const element of to) {
    const place = places.get(element);
    if (place === undefined) continue;
    if (place < last) return true;
    last = place;
  }
  return false;
}

function pair(name: string | number, from: object | undefined, to?: object): Pair {
  return { name, ...(from && { from }), ...(to && { to }) };
}

function blocksByName(value: unknown): ReadonlyMap<string, object> {
  return (value ?? new Map()) as ReadonlyMap<string, object>;
}
