import { stringify } from 'yaml';
import { fieldsOf, type Field } from '../../language/fields.js';
import { GatewayConfig } from '../../file/gateway.config.js';
import type { BlockClass } from '../../language/kinds/kind.js';
import { unsupportedKeys } from '../../loading/unsupported.js';
import { defaultOf } from './model.js';
import { preamble } from './preamble.js';

/** The reference of the configuration, in Markdown: every key with its meaning, type and default. */
export function referencePage(): string {
  return `${[preamble.trimEnd(), ...sections(GatewayConfig, '', [])].join('\n\n')}\n`;
}

/** One section for a block, then one for each block in it. */
function sections(blockClass: BlockClass, path: string, pattern: readonly string[]): string[] {
  const fields = [...fieldsOf(blockClass).values()];
  const heading = path === '' ? '## The keys of the file' : `## \`${path}\``;
  const keys = fields.map(field =>
    keyText(blockClass, field, [...pattern, field.name], `${path}${path === '' ? '' : '.'}${field.name}`),
  );
  const nested = fields.flatMap(field => {
    const { suffix, steps } = elementOf(field);
    const below = `${path}${path === '' ? '' : '.'}${field.name}${suffix}`;
    return (field.kind.blocks ?? []).flatMap(block => sections(block(), below, [...pattern, field.name, ...steps]));
  });
  return [heading, ...keys, ...nested];
}

function keyText(blockClass: BlockClass, field: Field, pattern: readonly string[], path: string): string {
  const { name, kind, doc, required, defaultText } = field;
  const value = defaultOf(blockClass, field);
  const isBlock = kind.blocks !== undefined;
  const standard = required ? 'required' : `default: ${defaultText ?? describeDefault(value, isBlock)}`;
  const nested = isBlock
    ? ` · see [\`${path}${elementOf(field).suffix}\`](#${anchor(`${path}${elementOf(field).suffix}`)})`
    : '';
  const note = noteFor(pattern);
  return `**\`${name}\`** · *${kind.label.replaceAll('\\|', '|')}* · ${standard}${nested}\n\n${doc}${note === '' ? '' : `\n\n${note}`}`;
}

function describeDefault(value: unknown, isBlock: boolean): string {
  if (value === undefined) return isBlock ? 'absent' : 'none';
  if (Array.isArray(value) && value.length === 0) return 'empty';
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) return 'empty';
  if (isBlock && typeof value === 'object') return 'the defaults below';
  return `\`${stringify(value, { collectionStyle: 'flow', lineWidth: 0 })
    .trim()
    .replace(/^"(.*)"$/, '$1')}\``;
}

function noteFor(pattern: readonly string[]): string {
  const here = pattern.join('.');
  const row = unsupportedKeys.find(({ path }) => path === here);
  if (row)
    return row.isOff
      ? '*Not supported in this version: only a value that asks for nothing is taken.*'
      : '*Not supported in this version.*';
  return unsupportedKeys.some(({ path }) => here.startsWith(`${path}.`))
    ? '*Not supported in this version, see above.*'
    : '';
}

/** The continuation of the path below a key, for the elements of a list or the entries of a map. */
function elementOf({ kind }: Field): { suffix: string; steps: string[] } {
  if (kind.label.includes('list of')) return { suffix: '[]', steps: ['*'] };
  return kind.label.startsWith('map of') ? { suffix: '.<name>', steps: ['*'] } : { suffix: '', steps: [] };
}

function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\w-]/g, '');
}
