import type { Pattern } from '../../../patterns/pattern.js';
import { headerName, headerValue, holdsSecret } from './header.js';
import { Invalid } from './invalid.js';
import { read, type Kind } from './kind.js';
import { map } from './map.js';
import { pattern } from './pattern.js';
import { isBlock } from './raw-block.js';
import { hideRefused, mask } from './secret.js';
import { text } from './text.js';
import { maskUrl } from './url.js';

/** The condition on a header or a query parameter. */
export type ValueMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'present'; readonly present: boolean };

const valueMatch: Kind<ValueMatch> = {
  label: 'value match',
  expected: 'a text, { pattern: a regular expression } or { present: true or false }',
  schema: {
    anyOf: [
      { type: 'string' },
      { type: 'object', required: ['pattern'], properties: { pattern: pattern.schema }, additionalProperties: false },
      {
        type: 'object',
        required: ['present'],
        properties: { present: { type: 'boolean' } },
        additionalProperties: false,
      },
    ],
  },
  parse(raw, source) {
    if (!isBlock(raw)) {
      const value = headerValue.parse(raw, source);
      return value instanceof Invalid ? new Invalid(raw, this.expected, value.details) : { kind: 'exact', value };
    }
    const [key, ...more] = Object.keys(raw);
    if (more.length > 0) return new Invalid(raw, this.expected);
    if (key === 'pattern') {
      const compiled = read(pattern, raw[key], source);
      return compiled instanceof Invalid ? compiled : { kind: 'pattern', pattern: compiled };
    }
    if (key === 'present' && typeof raw[key] === 'boolean') return { kind: 'present', present: raw[key] };
    return new Invalid(raw, this.expected);
  },
  format: value => {
    if (value.kind === 'exact') return value.value;
    return value.kind === 'pattern' ? { pattern: value.pattern.source } : { present: value.present };
  },
};

/** Headers of the request, by lower-case name. Exact values of names such as `authorization` are written as `****`. */
export const headerMatches: Kind<Map<string, ValueMatch>> = masked(map(headerName, valueMatch));

/** Query parameters of the request, by name. Exact values of names such as `token` are written as `****`. */
export const queryMatches: Kind<Map<string, ValueMatch>> = masked(
  map(text({ label: 'parameter name', expected: 'the name of a query parameter' }), valueMatch),
);

/**
 * The value of a condition on a header or query parameter, in a form that may be shown: `****` when the name suggests a secret,
 * and for secrets in a URL.
 */
export function shownValue(name: string, value: string): string {
  return holdsSecret(name) ? mask : maskUrl(value);
}

function masked(kind: Kind<Map<string, ValueMatch>>): Kind<Map<string, ValueMatch>> {
  return {
    ...kind,
    parse: (raw, source) => hideRefused(kind.parse(raw, source)),
    format: matches =>
      Object.fromEntries(
        [...matches].map(([key, each]) => [
          key,
          each.kind === 'exact' ? shownValue(key, each.value) : valueMatch.format(each),
        ]),
      ),
  };
}
