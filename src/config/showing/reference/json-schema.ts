import { fieldsOf, type Field } from '../../language/fields.js';
import { unsupportedKeys, type UnsupportedKey } from '../../loading/unsupported.js';
import { GatewayConfig } from '../../file/gateway.config.js';
import type { BlockClass, JsonSchema } from '../../language/kinds/kind.js';
import { choiceDefinitions } from '../../language/kinds/named-choice.js';
import { knownOf, type KnownNames } from '../../loading/checks/check.js';
import { blockClasses, defaultOf } from './model.js';

const reference = 'https://json-schema.org/draft/2020-12/schema';
const substitution = { type: 'string', pattern: '\\$\\{' };

/** What a JSON Schema is made for. */
export interface SchemaOptions {
  /** The extensions that a file may name, with the schemas of their options: `knownExtensions(MyModule)`. Default: any name is allowed, with any options. */
  readonly known?: KnownNames;
  /** Keys that are not offered. Default: those that this version does not support. */
  readonly unsupported?: readonly UnsupportedKey[];
}

/**
 * The JSON Schema (2020-12) of the configuration file: editors use it for completion and checks. Where a value is not an
 * arbitrary text, a text with `${NAME}` is allowed too. Rules between several keys are left to the loader. What this version refuses is not
 * offered.
 */
export function jsonSchema({ known = {}, unsupported = unsupportedKeys }: SchemaOptions = {}): JsonSchema {
  const refused = new Map(unsupported.flatMap(key => fieldsAt(key.path).map(field => [field, key] as const)));
  const blockSchema = (blockClass: BlockClass): JsonSchema => schemaOf(blockClass, refused);
  const blocks = blockClasses(GatewayConfig).map(each => [each.name, blockSchema(each)] as const);
  const choices = choiceDefinitions(kind => knownOf(known, kind)).map(
    ([name, schema]) => [name, allowSubstitution(schema)] as const,
  );
  return {
    $schema: reference,
    title: 'Gatehouse configuration',
    ...blockSchema(GatewayConfig),
    $defs: Object.fromEntries([...blocks, ...choices]),
  };
}

function schemaOf(blockClass: BlockClass, refused: ReadonlyMap<Field, UnsupportedKey>): JsonSchema {
  const fields = [...fieldsOf(blockClass).values()].filter(
    field => refused.get(field)?.isOff !== undefined || !refused.has(field),
  );
  const required = fields.filter(field => field.required).map(field => field.name);
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(
      fields.map(field => [field.name, fieldSchema(blockClass, field, refused.has(field))]),
    ),
  };
}

/** The fields that a path leads to. */
function fieldsAt(path: string): Field[] {
  const [last, ...before] = path.split('.').toReversed();
  let blocks: BlockClass[] = [GatewayConfig];
  for (const step of before.toReversed()) {
    if (step === '*') continue;
    blocks = blocks.flatMap(
      block =>
        fieldsOf(block)
          .get(step)
          ?.kind.blocks?.map(each => each()) ?? [],
    );
  }
  return blocks.flatMap(block => fieldsOf(block).get(last!) ?? []);
}

/** `isRefused`: only the default is taken, which asks for nothing. */
function fieldSchema(blockClass: BlockClass, field: Field, isRefused: boolean): JsonSchema {
  const { kind } = field;
  const doc = field.defaultText === undefined ? field.doc : `${field.doc} Default: ${field.defaultText}.`;
  const isDefault = defaultOf(blockClass, field);
  if (isRefused) return { description: `${doc} Not supported in this version.`, default: isDefault, const: isDefault };
  const plain = allowSubstitution(kind.schema);
  return { description: doc, ...(isDefault === undefined ? {} : { default: isDefault }), ...plain };
}

/** Allows a variable in place of every scalar that is not an arbitrary text, at any depth. */
function allowSubstitution(schema: JsonSchema): JsonSchema {
  const { anyOf, items, additionalProperties, properties, type, pattern } = schema;
  if (Array.isArray(anyOf)) {
    const choices = (anyOf as JsonSchema[]).map(deepen);
    return choices.some(each => isScalar(each) && !takesAnyText(each))
      ? { ...schema, anyOf: [...choices, substitution] }
      : { ...schema, anyOf: choices };
  }
  if (type === 'array') return { ...schema, items: allowSubstitution(items as JsonSchema) };
  if (type === 'object') {
    return {
      ...schema,
      ...(isSchema(additionalProperties) ? { additionalProperties: allowSubstitution(additionalProperties) } : {}),
      ...(isSchema(properties)
        ? {
            properties: Object.fromEntries(
              Object.entries(properties).map(([key, each]) => [key, allowSubstitution(each as JsonSchema)]),
            ),
          }
        : {}),
    };
  }
  if (!isScalar(schema) || (type === 'string' && pattern === undefined)) return schema;
  return { anyOf: [schema, substitution] };
}

function deepen(schema: JsonSchema): JsonSchema {
  return isScalar(schema) ? schema : allowSubstitution(schema);
}

function takesAnyText({ type, pattern }: JsonSchema): boolean {
  return type === 'string' && pattern === undefined;
}

function isScalar({ type, enum: words, const: word }: JsonSchema): boolean {
  return (
    words !== undefined || word !== undefined || (typeof type === 'string' && type !== 'array' && type !== 'object')
  );
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}
