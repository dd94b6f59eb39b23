import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';

type Validation = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Keywords = { [keyword: string]: unknown };

/** The JSON Schema (2020-12) of the options of an extension. */
export interface OptionsSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  /** The options that have no default. */
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, Keywords>>;
  readonly [keyword: string]: unknown;
}

/** More levels than options have; a class that refers to itself stops here. */
const deepest = 8;

/**
 * The JSON Schema of an options class, made of its validators and initial values: what they have in common with JSON Schema is in it, and of
 * others (`@IsHexColor`, a validator of one's own) only that the option exists. `type` undefined: there are no options.
 */
export function optionsSchema(type: Type<object> | undefined, depth = 0): OptionsSchema {
  const schema = { type: 'object', additionalProperties: false, properties: {} } as const;
  if (type === undefined) return schema;
  const byProperty = Map.groupBy(
    getMetadataStorage().getTargetValidationMetadatas(type, '', true, false),
    ({ propertyName }) => propertyName,
  );
  const defaults = new Map<string, unknown>(Object.entries(new type()));
  const required: string[] = [];
  const properties: Record<string, Keywords> = {};
  for (const [name, validations] of byProperty) {
    const value = defaults.get(name);
    const isOptional = value !== undefined || validations.some(({ type: kind }) => kind === 'conditionalValidation');
    if (!isOptional) required.push(name);
    properties[name] = { ...propertySchema(type, name, validations, depth), ...(isPlain(value) && { default: value }) };
  }
  return { ...schema, ...(required.length > 0 && { required }), properties };
}

function propertySchema(
  owner: Type<object>,
  name: string,
  validations: readonly Validation[],
  depth: number,
): Keywords {
  const whole: Keywords = {};
  const element: Keywords = {};
  for (const validation of validations) {
    const keywords =
      validation.type === 'nestedValidation' ? nested(owner, name, validation.each, depth) : keywordsOf(validation);
    Object.assign(validation.each ? element : whole, keywords);
  }
  const isList = whole['type'] === 'array' || validations.some(({ each }) => each);
  return isList ? { ...whole, type: 'array', ...(Object.keys(element).length > 0 && { items: element }) } : whole;
}

/** The class of a nested value, which class-transformer makes of an empty one. */
function nested(owner: Type<object>, name: string, isList: boolean, depth: number): Keywords {
  const made = plainToInstance(owner, { [name]: isList ? [{}] : {} }) as Record<string, unknown>;
  const value = isList ? (made[name] as unknown[])[0] : made[name];
  const type = (value as object | undefined)?.constructor as Type<object> | undefined;
  return type === undefined || type === Object || depth === deepest
    ? { type: 'object' }
    : optionsSchema(type, depth + 1);
}

/** What a validator says in JSON Schema. */
function keywordsOf({ constraints: [first, second] = [], name }: Validation): Keywords {
  switch (name) {
    case 'isString':
      return { type: 'string' };
    case 'isNotEmpty':
      return { minLength: 1 };
    case 'isBoolean':
      return { type: 'boolean' };
    case 'isInt':
      return { type: 'integer' };
    case 'isNumber':
      return { type: 'number' };
    case 'isPositive':
      return { exclusiveMinimum: 0 };
    case 'isArray':
      return { type: 'array' };
    case 'isObject':
      return { type: 'object' };
    case 'isUrl':
      return { type: 'string' };
    case 'min':
      return { minimum: first };
    case 'max':
      return { maximum: first };
    case 'minLength':
      return { type: 'string', minLength: first };
    case 'maxLength':
      return { type: 'string', maxLength: first };
    case 'isLength':
      return { type: 'string', minLength: first, ...(second !== undefined && { maxLength: second }) };
    case 'matches':
      return { type: 'string', ...(first instanceof RegExp && first.flags === '' && { pattern: first.source }) };
    case 'isIn':
      return Array.isArray(first) && first.every(isPlain) ? { enum: first } : {};
    case 'isEnum':
      return { enum: second };
    case 'arrayMinSize':
      return { type: 'array', minItems: first };
    case 'arrayMaxSize':
      return { type: 'array', maxItems: first };
    case 'arrayUnique':
      return { type: 'array', uniqueItems: true };
    default:
      return {};
  }
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && isFinite(value));
}
