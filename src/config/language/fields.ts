import type { BlockClass, Kind } from './kinds/kind.js';
import type { RawBlock } from './kinds/raw-block.js';

/** The declaration of one key of a block: the source of its validation, its schema and its reference. */
export interface Field {
  /** The name of the key in files and of the property of the class. */
  readonly name: string;
  readonly kind: Kind<unknown>;
  /** Meaning, unit, trap; Markdown. */
  readonly doc: string;
  /** Whether leaving it out is an error. */
  readonly required: boolean;
  /** Describes a default that depends on other keys: `its port`. */
  readonly defaultText?: string;
}

const declared = new WeakMap<BlockClass, Map<string, Field>>();
const written = new WeakMap<object, RawBlock>();
const refused = new WeakMap<object, Set<string>>();

/** Records a key of a block class. */
export function declareField(owner: BlockClass, field: Field): void {
  const fields = declared.get(owner) ?? new Map<string, Field>();
  declared.set(owner, fields.set(field.name, field));
}

/** The keys of a block class, inherited ones first, in the order in which they are declared. */
export function fieldsOf(block: BlockClass): ReadonlyMap<string, Field> {
  const parent = Object.getPrototypeOf(block) as BlockClass | null;
  const inherited = parent && parent !== Function.prototype ? fieldsOf(parent) : new Map<string, Field>();
  return new Map([...inherited, ...(declared.get(block) ?? [])]);
}

/** The block class of an instance. */
export function blockClassOf(instance: object): BlockClass {
  return instance.constructor as BlockClass;
}

/** Remembers the raw block from which an instance was read. */
export function rememberWritten(instance: object, raw: RawBlock): void {
  written.set(instance, raw);
}

/** Whether the author wrote the key, with any value. */
export function isWritten(instance: object, key: string): boolean {
  return Object.hasOwn(written.get(instance) ?? {}, key);
}

/** Remembers that the value of a key was refused, so that its default (or no value) takes its place. */
export function rememberRefused(instance: object, key: string): void {
  refused.set(instance, (refused.get(instance) ?? new Set()).add(key));
}

/** Whether the author wrote the key with a value that was refused. */
export function isRefused(instance: object, key: string): boolean {
  return refused.get(instance)?.has(key) === true;
}
