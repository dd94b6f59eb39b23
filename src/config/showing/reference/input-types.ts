import type { JsonSchema } from '../../language/kinds/kind.js';

/** Texts with a form that the compiler can check, by the pattern that the schema has for them. */
const forms = new Map([
  [String.raw`^\d+(\.\d+)?(ms|s|m|h)$`, 'Duration'],
  [String.raw`^\d+(\.\d+)?(b|kb|mb|gb)$`, 'Size'],
  [String.raw`^\d+(\.\d+)?%$`, 'Percentage'],
]);

/** What the schema offers for `${NAME}`, which is replaced in files alone. */
const substituted = String.raw`\$\{`;

/** Keys by which the compiler tells a built-in block from an extension, which may have any other key: without one it would take each typo for an option. */
const tellingKeys = new Map([['DiscoveryConfig', 'dns']]);

const opening = `// Written by the program from the classes of the configuration: \`node dist/config/showing/generate.js\`.

/** A time: a number and its unit, \`250ms\`, \`5s\`, \`1m\`, \`1h\`; whole milliseconds. Where \`0\` means "off", the number 0 does too. */
export type Duration = \`\${number}\${'ms' | 's' | 'm' | 'h'}\`;

/** A number of bytes with its unit: \`512b\`, \`16kb\`, \`10mb\`, \`1gb\`, in powers of 1024. */
export type Size = \`\${number}\${'b' | 'kb' | 'mb' | 'gb'}\`;

/** A share in percent, \`0%\` to \`100%\`. Where one is expected, a number from 0 to 1 says the same. */
export type Percentage = \`\${number}%\`;

/** An extension that a module registers, with the options that it declares beside its name. */
export interface ExtensionInput {
  /** The name that it is registered by. */
  readonly name: string;
  /** An option that the extension declares. Whether it does is said when the gateway starts. */
  readonly [option: string]: unknown;
}

/** One of the words that are known, or another text: a name that a module registers. */
export type OrName<Known extends string> = Known | (string & {});
`;

/**
 * The types of what may be written in a configuration, for values that are made in TypeScript: an interface for each block of the schema, with the
 * words of the schema as comments. \`include\` is not among it: only files include others.
 */
export function inputTypes(withChoices: JsonSchema): string {
  const schema = written(withChoices, withChoices['$defs'] as Definitions) as JsonSchema;
  const blocks = Object.fromEntries(
    Object.entries(schema['$defs'] as Definitions).filter(([, { anyOf }]) => anyOf === undefined),
  );
  const { include: _, ...properties } = propertiesOf(schema);
  const places = placesOf({ ...schema, properties }, blocks);
  const whole =
    'A whole gateway, as a value: what one may write in a configuration file. Everything that is left out has its default; ' +
    '`${NAME}` is not replaced. Made into a configuration by `buildConfig`, which says what no type can.';
  return [
    opening,
    interfaceOf('GatewayConfig', whole, { ...schema, properties }),
    ...Object.entries(blocks).map(([name, block]) => interfaceOf(name, places.get(name) ?? '', block)),
  ].join('\n');
}

type Definitions = Readonly<Record<string, JsonSchema>>;

/** The schema with the choices of extensions written out where they stand: only blocks are interfaces. */
function written(value: unknown, definitions: Definitions): unknown {
  if (Array.isArray(value)) return value.map(each => written(each, definitions));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref: _, ...others } = value as JsonSchema;
  const choice = definitions[nameOf(value as JsonSchema)];
  if (choice?.['anyOf'] !== undefined) return written({ ...others, ...choice }, definitions);
  const whole = Object.entries(value).map(([key, each]) => [key, written(each, definitions)] as const);
  return Object.fromEntries(
    whole.map(([key, each]) => [key, key === 'anyOf' ? (each as JsonSchema[]).flatMap(choicesOf) : each]),
  );
}

/** A choice between choices is one between all of them. */
function choicesOf(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf, ...others } = schema;
  return Array.isArray(anyOf) && Object.keys(others).length === 0 ? (anyOf as JsonSchema[]) : [schema];
}

function interfaceOf(name: string, doc: string, block: JsonSchema): string {
  const required = new Set(block['required'] as readonly string[] | undefined);
  const members = Object.entries(propertiesOf(block)).map(([key, each]) => member(key, each, required.has(key)));
  return `${comment(doc, '')}export interface ${inputName(name)} {\n${members.join('')}}\n`;
}

function member(key: string, schema: JsonSchema, isRequired: boolean): string {
  const { default: standard, description } = schema;
  const isTold = standard !== undefined && (typeof standard !== 'object' || Array.isArray(standard));
  const told = isTold ? `\n@defaultValue \`${JSON.stringify(standard)}\`` : '';
  const type = typeOf(schema);
  const name = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
  const written = isRequired ? `${name}: ${type}` : `${name}?: ${type} | undefined`;
  return `${comment(`${typeof description === 'string' ? description : ''}${told}`, '  ')}  readonly ${written};\n`;
}

function typeOf(schema: JsonSchema): string {
  const { $ref: reference, anyOf, enum: words, const: word, type, items } = schema;
  if (typeof reference === 'string') return inputName(nameOf(schema));
  if (Array.isArray(anyOf)) {
    const choices = (anyOf as JsonSchema[]).filter(each => each['pattern'] !== substituted);
    const key = choices.map(nameOf).flatMap(name => tellingKeys.get(name) ?? [])[0];
    const extension = key === undefined ? 'ExtensionInput' : `(ExtensionInput & { readonly ${key}?: undefined })`;
    return [...new Set(choices.map(each => (isExtension(each) ? extension : typeOf(each))))].join(' | ');
  }
  if (Array.isArray(words)) return words.map(literal).join(' | ');
  if (word !== undefined) return literal(word);
  switch (type) {
    case 'string':
      return textType(schema);
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return listType(schema, typeOf(items as JsonSchema));
    case 'object':
      return blockType(schema);
    default:
      return 'unknown';
  }
}

/** Whether a schema is a name with options that are not known. */
function isExtension(schema: JsonSchema): boolean {
  const { type, additionalProperties } = schema;
  return type === 'object' && additionalProperties === undefined && Object.keys(propertiesOf(schema)).join() === 'name';
}

/** The name of the block that a schema refers to. */
function nameOf({ $ref: reference }: JsonSchema): string {
  return typeof reference === 'string' ? reference.replace('#/$defs/', '') : '';
}

function textType({ pattern, examples }: JsonSchema): string {
  if (Array.isArray(examples)) return `OrName<${examples.map(literal).join(' | ')}>`;
  return (typeof pattern === 'string' ? forms.get(pattern) : undefined) ?? 'string';
}

function listType({ minItems, maxItems }: JsonSchema, element: string): string {
  if (minItems !== undefined && minItems === maxItems) {
    return `readonly [${Array.from({ length: Number(minItems) }, () => element).join(', ')}]`;
  }
  return element.includes(' ') ? `readonly (${element})[]` : `readonly ${element}[]`;
}

/** A block that is written out in the schema, or one whose keys the author chooses. */
function blockType(schema: JsonSchema): string {
  const { additionalProperties, required } = schema;
  const properties = Object.entries(propertiesOf(schema));
  if (properties.length === 0) {
    const value = typeof additionalProperties === 'object' ? typeOf(additionalProperties as JsonSchema) : 'unknown';
    return `Readonly<Record<string, ${value}>>`;
  }
  const needed = new Set(required as readonly string[] | undefined);
  const members = properties.map(
    ([key, each]) =>
      `readonly ${key}${needed.has(key) ? '' : '?'}: ${typeOf(each)}${needed.has(key) ? '' : ' | undefined'}`,
  );
  const more = additionalProperties === false ? [] : ['readonly [option: string]: unknown'];
  return `{ ${[...members, ...more].join('; ')} }`;
}

/** Where each block stands, by its name: `upstreams.<name>.healthCheck`. Of several places the first. */
function placesOf(root: JsonSchema, blocks: Readonly<Record<string, JsonSchema>>): Map<string, string> {
  const places = new Map<string, string>();
  const visit = (schema: JsonSchema, path: string): void => {
    const { $ref: reference, anyOf, items, additionalProperties } = schema;
    if (typeof reference === 'string') {
      const name = nameOf(schema);
      if (places.has(name)) return;
      places.set(name, `What may be written under \`${path}\`.`);
      return visit(blocks[name]!, path);
    }
    for (const each of (anyOf ?? []) as JsonSchema[]) visit(each, path);
    if (items !== undefined) visit(items as JsonSchema, `${path}[]`);
    if (typeof additionalProperties === 'object') visit(additionalProperties as JsonSchema, `${path}.<name>`);
    for (const [key, each] of Object.entries(propertiesOf(schema))) visit(each, path === '' ? key : `${path}.${key}`);
  };
  visit(root, '');
  return places;
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function inputName(blockClass: string): string {
  return `${blockClass}Input`;
}

function comment(text: string, indent: string): string {
  const lines = text.replaceAll('*/', String.raw`*\/`).split('\n');
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map(line => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}
