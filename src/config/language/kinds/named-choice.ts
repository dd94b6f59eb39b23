import { Invalid } from './invalid.js';
import type { JsonSchema, Kind } from './kind.js';
import { isBlock } from './raw-block.js';
import { maskOptions } from './secret.js';
import { settleSubstitutions } from './substituted.js';
import { name as nameKind } from './text.js';

/** The name of an extension, with the options that it declares. */
export interface NamedChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Kinds of extensions, as the configuration calls them. */
export type ExtensionKind = 'strategy' | 'forwarder' | 'probe' | 'policy' | 'discovery' | 'transformer';

/** What an extension is known to take. */
export interface ExtensionSchema {
  readonly name: string;
  /** Of its options. Default: none are described. */
  readonly schema?: JsonSchema | undefined;
}

/** What holds for the names of one kind. */
interface ChoiceRules {
  /** Those that come with the gateway, the default first. */
  readonly builtIn?: readonly string[];
  /** Short name for the reference. Default: the kind. */
  readonly label?: string;
  /** For messages. */
  readonly expected?: string;
  /** Options of built-in ones, for the JSON Schema. */
  readonly properties?: JsonSchema;
  /** Options that are there when they are not written. Default: none. */
  readonly defaults?: (name: string) => Readonly<Record<string, unknown>>;
}

const definitions = new Map<ExtensionKind, (known: readonly ExtensionSchema[] | undefined) => JsonSchema>();

/** The part of the JSON Schema that describes the choices of each kind, by its name there. `known`: all extensions of a kind; undefined: others may be registered. */
export function choiceDefinitions(
  known: (kind: ExtensionKind) => readonly ExtensionSchema[] | undefined,
): readonly (readonly [name: string, schema: JsonSchema])[] {
  const all = Array.from(definitions, ([kind, define]) => [definitionOf(kind), define(known(kind))] as const);
  // Not in the order in which modules happen to be loaded.
  return all.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** The name of an extension, or a block with `name` and its options. */
export function namedChoice(kind: ExtensionKind, rules: ChoiceRules = {}): Kind<NamedChoice> {
  const {
    builtIn = [],
    label = kind,
    expected = `the name of a ${kind}, or a block with name and its options`,
  } = rules;
  return {
    label,
    expected,
    schema: choiceSchema(kind, rules.builtIn, rules.properties),
    parse(raw, source) {
      const block = (isBlock(raw) ? settleSubstitutions(raw) : { name: raw }) as { name?: unknown };
      const { name: written, ...options } = block;
      const name = nameKind.parse(written, source);
      if (name instanceof Invalid) return new Invalid(raw, this.expected);
      const defaults = builtIn.includes(name) ? rules.defaults?.(name) : undefined;
      return { name, options: { ...defaults, ...options } };
    },
    format: formatChoice,
  };
}

/** A choice in the spelling of the file, with secrets masked. */
export function formatChoice({ name, options }: NamedChoice): unknown {
  return Object.keys(options).length === 0 ? name : { name, ...maskOptions(options) };
}

/** Refers to the description of the choices of a kind. `properties`: options of those that are built in. */
export function choiceSchema(
  kind: ExtensionKind,
  builtIn: readonly string[] = [],
  properties?: JsonSchema,
): JsonSchema {
  definitions.set(kind, known => (known === undefined ? anyChoice(builtIn, properties) : oneOfKnown(known)));
  return { $ref: `#/$defs/${definitionOf(kind)}` };
}

function definitionOf(kind: ExtensionKind): string {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Choice`;
}

function anyChoice(builtIn: readonly string[], properties: JsonSchema = {}): JsonSchema {
  const name = { type: 'string', ...(builtIn.length > 0 && { examples: builtIn }) };
  return { anyOf: [name, { type: 'object', required: ['name'], properties: { name, ...properties } }] };
}

function oneOfKnown(known: readonly ExtensionSchema[]): JsonSchema {
  if (known.length === 0) return { not: {} };
  return { anyOf: [{ enum: known.map(({ name }) => name) }, ...known.map(withOptions)] };
}

function withOptions({ name, schema = {} }: ExtensionSchema): JsonSchema {
  const { properties = {}, required = [], ...others } = schema as { properties?: JsonSchema; required?: string[] };
  return {
    type: 'object',
    additionalProperties: false,
    ...others,
    required: ['name', ...required],
    properties: { name: { const: name }, ...properties },
  };
}
