import { blockClassOf, type Field } from '../language/fields.js';
import { isEqual } from './anatomy.js';
import { spell, unset } from './wording.js';

const defaults = new WeakMap<object, object>();

/** A block of the class of `block` in which no key is written. */
export function unwritten(block: object): object {
  const blockClass = blockClassOf(block);
  const empty = defaults.get(blockClass) ?? new blockClass();
  defaults.set(blockClass, empty);
  return empty;
}

/** The value of a key as the file has it: beside a unix socket, `host` and `url` only stand in for what other parts of the gateway expect. */
export function valueOf(block: object, key: string): unknown {
  const isStandIn = (key === 'host' || key === 'url') && Reflect.get(block, 'unix') !== undefined;
  return isStandIn ? undefined : Reflect.get(block, key);
}

/**
 * The change of one key in words, as `gatehouse print` spells its values: `timeouts.response 5s → 8s`. When both values look alike, which those of a
 * secret always do, only that it has changed. `from` and `to` are the blocks that hold the key.
 */
export function changeLine(path: string, field: Field, from: object, to: object): string {
  const [before, after] = [spellKey(field, from), spellKey(field, to)];
  if (before === after) return `${path} changed`;
  return `${path} ${before}${remark(field, from)} → ${after}${remark(field, to)}`;
}

function spellKey({ name, kind }: Field, block: object): string {
  const value = valueOf(block, name);
  return value === undefined ? unset : spell(kind.format(value));
}

function remark({ name }: Field, block: object): string {
  const value = valueOf(block, name);
  return value !== undefined && isEqual(value, Reflect.get(unwritten(block), name)) ? ' (default)' : '';
}
