import { holdsSecret } from './header.js';
import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';
import { isBlock } from './raw-block.js';
import type { Source } from './source.js';
import { settleSubstitutions } from './substituted.js';

/** Replaces a secret in every configuration that is shown. */
export const mask = '****';

const selector = /^(client-ip|global|identity|path|route|(header|cookie|jwt|query|response-header):\S+)$/;

/**
 * The options of a registered extension in a form that may be shown: texts under names such as `secret` or `apiKey` are masked,
 * at any depth. A text that names the source of a key (`key: "header:x-user"`) is no secret.
 */
export function maskOptions(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, maskOption(value, holdsSecret(name))]),
  );
}

function maskOption(value: unknown, hidden: boolean): unknown {
  if (Array.isArray(value)) return value.map(item => maskOption(item, hidden));
  if (typeof value === 'object' && value !== null) {
    return hidden ? mask : maskOptions(value as Readonly<Record<string, unknown>>);
  }
  if (typeof value === 'string') return hidden && !selector.test(value) ? mask : value;
  return typeof value === 'number' && hidden ? mask : value;
}

/** Hides refused values that are likely to be secrets, by their names, from the messages. */
export function hideRefused<T>(values: Map<string, T> | Invalid): Map<string, T> | Invalid {
  if (values instanceof Invalid) return values;
  for (const [name, value] of values as Map<string, T | Invalid>) {
    const isShown =
      value instanceof Invalid && value.expected !== '' && value.details.at !== 'key' && holdsSecret(name);
    if (isShown) (values as Map<string, T | Invalid>).set(name, new Invalid(mask, value.expected));
  }
  return values;
}

const fileSchema = {
  type: 'object',
  required: ['file'],
  additionalProperties: false,
  properties: { file: { type: 'string', minLength: 1, description: 'Path of a text file of at most 1mb.' } },
};

/**
 * A secret: text, or `{ file: path }`. A line break at the end of the file is dropped. It never appears in a message,
 * and is written as `****`.
 */
export function secret(expected: string, pattern = /^[^\r\n]+$/): Kind<string> {
  const phrase = `${expected}, or { file: path }`;
  return {
    label: 'secret',
    expected: phrase,
    schema: { anyOf: [{ type: 'string' }, fileSchema] },
    parse: (raw, source) => {
      const value = isBlock(raw) ? fromFile(raw, source, phrase) : raw;
      if (value instanceof Invalid) return value;
      const text = isBlock(raw) ? String(value).replace(/\r?\n$/, '') : value;
      if (typeof text === 'number') return new Invalid(mask, phrase, { suggestion: 'the same in quotes' });
      const fits = typeof text === 'string' && (text === mask || pattern.test(text));
      return fits ? text : new Invalid(typeof text === 'string' ? mask : text, phrase);
    },
    format: () => mask,
  };
}

/** A body that the gateway sends itself: text, or `{ file: path }`. */
export const body: Kind<string> = {
  label: 'text or { file }',
  expected: 'a text, or { file: path }',
  schema: { anyOf: [{ type: 'string' }, fileSchema] },
  parse(raw, source) {
    if (isBlock(raw)) return fromFile(raw, source, this.expected);
    if (typeof raw === 'number' || typeof raw === 'boolean') {
      return new Invalid(raw, this.expected, { suggestion: `"${raw}" in quotes` });
    }
    return typeof raw === 'string' ? raw : new Invalid(raw, this.expected);
  },
  format: value => value,
};

function fromFile(raw: Readonly<Record<string, unknown>>, source: Source, expected: string): string | Invalid {
  const { file } = settleSubstitutions(raw) as { file?: unknown };
  if (Object.keys(raw).length !== 1 || typeof file !== 'string' || file === '') return new Invalid(raw, expected);
  return source.readText(file);
}
