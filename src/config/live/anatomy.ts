import { Pattern } from '../../patterns/pattern.js';
import { fieldsOf, type Field } from '../language/fields.js';
import type { BlockClass } from '../language/kinds/kind.js';

/** What the instances of a block class have in common. */
interface Anatomy {
  readonly fields: ReadonlyMap<string, Field>;
  /** The key that tells the blocks of a list apart; undefined: their places do. */
  readonly nameKey: string | undefined;
}

const noBlock: Anatomy = { fields: new Map(), nameKey: undefined };
const known = new WeakMap<object, Anatomy>();

/** The declared keys of a block, in the order in which they are declared; none when the value is no block. */
export function keysOf(value: unknown): ReadonlyMap<string, Field> {
  return anatomyOf(value).fields;
}

/** Whether a value is a block, that is an instance of a class of the configuration. */
export function isBlock(value: unknown): value is object {
  return anatomyOf(value) !== noBlock;
}

/** The name by which a block of a list is known: its `id`, or its `name`. Undefined for every other value: its place tells it apart. */
export function nameOf(value: unknown): string | undefined {
  const { nameKey } = anatomyOf(value);
  const name: unknown = nameKey === undefined ? undefined : Reflect.get(value as object, nameKey);
  return typeof name === 'string' ? name : undefined;
}

/**
 * For each element of a list, the place of its counterpart in the list of another configuration: the element of the same name, or in the same place
 * where elements have no names. Elements that share a name are taken in their order. Undefined: there is none.
 */
export function counterpartsOf(list: readonly unknown[], other: readonly unknown[]): (number | undefined)[] {
  const places = new Map<string, number[]>();
  const otherNames = other.map(nameOf);
  for (let place = other.length - 1; place >= 0; place--) {
    const name = otherNames[place];
    if (name === undefined) continue;
    const same = places.get(name);
    if (same === undefined) places.set(name, [place]);
    else same.push(place);
  }
  return list.map((element, place) => {
    const name = nameOf(element);
    if (name !== undefined) return places.get(name)?.pop();
    return place < other.length && otherNames[place] === undefined ? place : undefined;
  });
}

/** Whether two values of a configuration say the same. The order counts in lists, maps and options, and does not in blocks. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!isAlike(one, other)) return false;
  if (Array.isArray(one)) {
    const list = other as readonly unknown[];
    return one.length === list.length && one.every((element, place) => isEqual(element, list[place]));
  }
  if (one instanceof Map) {
    const map = other as ReadonlyMap<unknown, unknown>;
    return isSameOrder(one.keys(), map.keys()) && [...one].every(([key, value]) => isEqual(value, map.get(key)));
  }
  if (one instanceof Pattern) return one.source === (other as Pattern).source;
  const block = other as object;
  return (
    haveSameKeys(one, block) && Object.keys(one).every(key => isEqual(Reflect.get(one, key), Reflect.get(block, key)))
  );
}

/** Whether two values are objects of one sort. An object of a sort that no kind gives is like none but itself, because what makes it equal is not known. */
export function isAlike(one: unknown, other: unknown): one is object {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  return Array.isArray(one) || one instanceof Map || one instanceof Pattern || isOptions(one) || isBlock(one);
}

/** Whether two blocks, or two sets of options, have the same keys. */
export function haveSameKeys(one: object, other: object): boolean {
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  if (isOptions(one)) return isSameOrder(keys, others);
  return keys.length === others.length && keys.every(key => Object.hasOwn(other, key));
}

/** Whether two sequences hold the same elements in the same order. */
export function isSameOrder(one: Iterable<unknown>, other: Iterable<unknown>): boolean {
  const [elements, others] = [[...one], [...other]];
  return elements.length === others.length && elements.every((element, place) => element === others[place]);
}

/** Whether an object is plain data, as the options of a policy are: its author chooses the keys, and an extension may go by their order. */
function isOptions(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function anatomyOf(value: unknown): Anatomy {
  if (typeof value !== 'object' || value === null || isOptions(value)) return noBlock;
  const prototype = Object.getPrototypeOf(value) as object;
  let anatomy = known.get(prototype);
  if (anatomy === undefined) {
    const fields = fieldsOf(prototype.constructor as BlockClass);
    anatomy = fields.size === 0 ? noBlock : { fields, nameKey: ['id', 'name'].find(key => fields.has(key)) };
    known.set(prototype, anatomy);
  }
  return anatomy;
}
