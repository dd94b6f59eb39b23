import { Transform } from 'class-transformer';
import { IsOptional, ValidateBy, ValidateNested } from 'class-validator';
import { declareField } from './fields.js';
import { block, type BlockRules } from './kinds/block.js';
import { invalidsIn } from './kinds/invalid.js';
import { read, type BlockClass, type Kind } from './kinds/kind.js';
import { list, type ListRules } from './kinds/list.js';
import { map } from './kinds/map.js';
import type { ReadOptions } from './kinds/read-options.js';

/** The properties of a key in addition to its kind. Its default is the property's initial value. */
interface KeyOptions {
  /** Meaning, unit, trap; Markdown. */
  readonly doc: string;
  /** Leaving it out is an error. Default: false. */
  readonly required?: boolean;
  /** Describes a default that depends on other keys: `its port`. */
  readonly defaultText?: string;
}

/** The class-validator constraint under which refused values are reported. */
export const kindConstraint = 'kind';

/** The class-validator constraint under which a key that was left out is reported. */
export const requiredConstraint = 'required';

/**
 * A key of the configuration: class-transformer reads it with the kind, class-validator reports values that the kind has
 * refused, and the JSON Schema and the reference are generated from the same declaration.
 */
export function Key<T>(kind: Kind<T>, options: KeyOptions): PropertyDecorator {
  return (prototype, property) => {
    const name = String(property);
    const required = options.required === true;
    declareField(prototype.constructor as BlockClass, { ...options, required, name, kind: kind as Kind<unknown> });
    const decorators = [
      Transform(
        ({ obj, options: transform }) =>
          read(kind, (obj as Record<string, () => unknown>)[name]?.(), (transform as ReadOptions).source),
        { toClassOnly: true },
      ),
      ValidateBy({ name: kindConstraint, validator: { validate: value => invalidsIn(value).length === 0 } }),
      required
        ? ValidateBy({ name: requiredConstraint, validator: { validate: value => value !== undefined } })
        : IsOptional(),
    ];
    if (kind.blocks) decorators.push(ValidateNested());
    for (const decorate of decorators) decorate(prototype, property);
  };
}

/** A key that holds a block. */
export function Block<T extends object>(
  blockClass: () => BlockClass<T>,
  { doc, required = false, defaultText, ...rules }: KeyOptions & BlockRules<T>,
): PropertyDecorator {
  return Key(block(blockClass, rules), { doc, required, ...(defaultText === undefined ? {} : { defaultText }) });
}

/** A key that holds a list of blocks. */
export function ListOf<T extends object>(
  blockClass: () => BlockClass<T>,
  { doc, required = false, defaultText, min, max, orSingle, ...rules }: KeyOptions & BlockRules<T> & ListRules,
): PropertyDecorator {
  const limits = {
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    orSingle: orSingle === true,
  };
  const kind = list(block(blockClass, rules), limits);
  return Key(kind, { doc, required, ...(defaultText === undefined ? {} : { defaultText }) });
}

/** A key that holds a block whose keys the author chooses, with a block under each. */
export function MapOf<T extends object>(
  keyKind: Kind<string>,
  blockClass: () => BlockClass<T>,
  options: KeyOptions,
): PropertyDecorator {
  return Key(map(keyKind, block(blockClass)), options);
}
