import { Invalid } from './invalid.js';
import { read, type Kind } from './kind.js';
import { isBlock } from './raw-block.js';

/** A block whose keys the author chooses. Refused entries stay in it as `Invalid`; an entry with a refused key too. */
export function map<T>(key: Kind<string>, kind: Kind<T>): Kind<Map<string, T>> {
  const expected = `a block of ${key.expected.replace(/^an? /, '')}: ${kind.expected}`;
  return {
    label: `map of ${kind.label}`,
    expected,
    schema: { type: 'object', propertyNames: key.schema, additionalProperties: kind.schema },
    ...(kind.blocks ? { blocks: kind.blocks } : {}),
    joins: 'names',
    parse: (raw, source) => {
      if (Array.isArray(raw)) return new Invalid(raw, expected, { message: listForMap(kind) });
      if (!isBlock(raw)) return new Invalid(raw, expected);
      const values = new Map<string, T | Invalid>();
      for (const [written, item] of Object.entries(raw)) {
        const parsed = key.parse(written, source);
        if (parsed instanceof Invalid) {
          values.set(written, new Invalid(written, parsed.expected, { ...parsed.details, at: 'key' }));
        } else if (values.has(parsed)) {
          const message = `${JSON.stringify(written)} stands twice in the block (upper and lower case are the same here)`;
          values.set(written, new Invalid(written, parsed, { message, at: 'key' }));
        } else {
          values.set(parsed, read(kind, item, source));
        }
      }
      return values as Map<string, T>;
    },
    format: value => Object.fromEntries([...value].map(([each, item]) => [each, kind.format(item)])),
  };
}

function listForMap(kind: Kind<unknown>): string {
  const example = kind.blocks ? 'name: { … }' : 'name: value';
  return `found a list, expected a block with a name for each: "${example}" instead of "- …"`;
}
