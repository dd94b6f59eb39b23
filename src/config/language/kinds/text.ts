import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

/** The rules for a text. */
interface TextRules {
  /** Short name for the reference. Default: `string`. */
  readonly label?: string;
  /** The description in messages. Default: `a text`. */
  readonly expected?: string;
  /** Must match the whole text. */
  readonly pattern?: RegExp;
  /** Default: 4096 characters. */
  readonly maxLength?: number;
  /** Default: 1 character. */
  readonly minLength?: number;
}

/** A text. Numbers and booleans are refused, because their spelling would be lost. */
export function text(rules: TextRules = {}): Kind<string> {
  const { label = 'string', expected = 'a text', pattern, maxLength = 4096, minLength = 1 } = rules;
  return {
    label,
    expected,
    schema: { type: 'string', minLength, maxLength, ...(pattern ? { pattern: pattern.source } : {}) },
    parse: raw => {
      if (typeof raw === 'number' || typeof raw === 'boolean') {
        return new Invalid(raw, expected, { suggestion: `"${raw}" in quotes` });
      }
      if (typeof raw !== 'string') return new Invalid(raw, expected);
      if (raw.length > maxLength) return new Invalid(raw, `${expected} of at most ${maxLength} characters`);
      if (raw.length < minLength || pattern?.test(raw) === false) return new Invalid(raw, expected);
      return raw;
    },
    format: value => value,
  };
}

/** The name of something: used in logs, metrics and paths of the admin API, so it has no characters that need escaping. */
export const name = text({
  label: 'name',
  expected: 'a name of letters, digits and . _ - that starts with a letter or digit',
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  maxLength: 128,
});

/** A label: a name for people, on one line. */
export const label = text({
  label: 'name',
  expected: 'a name on one line',
  pattern: /^\P{Cc}+$/u,
  maxLength: 256,
});
