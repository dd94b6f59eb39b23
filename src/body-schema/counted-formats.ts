import type { Ajv } from 'ajv';
import { Pattern } from '../patterns/pattern.js';
import type { Steps } from '../patterns/steps.js';

type Check = (text: string) => boolean;

/** The format whose pattern has look-around: its time may grow with the third power of the text's length. */
const cubic = 'url';
const optionalScheme = '^(?:[a-z][a-z0-9+\\-.]*:)?';

/**
 * Replaces the formats that `ajv-formats` has added by formats of the same meaning that count their steps. Expressions run as
 * {@link Pattern}s, in linear time; functions, and expressions with look-around, are charged in advance with the most steps
 * that they may take.
 */
export function countFormats(ajv: Ajv, steps: Steps): void {
  const formats = { ...ajv.formats };
  for (const [name, format] of Object.entries(formats)) {
    if (name === 'uri') continue;
    if (format instanceof RegExp || typeof format === 'function') ajv.addFormat(name, counted(name, format, steps));
    else if (isOfTexts(format)) {
      const { validate, compare } = format;
      ajv.addFormat(name, { validate: counted(name, validate, steps), ...(compare && { compare }) });
    }
  }
  const reference = formats['uri-reference'];
  if (!(reference instanceof RegExp)) throw new Error('the format of URI references is not as it was');
  ajv.addFormat('uri', uri(reference, steps));
}

interface TextFormat {
  readonly validate: RegExp | Check;
  readonly compare?: (one: string, other: string) => number | undefined;
}

function isOfTexts(format: Ajv['formats'][string]): format is TextFormat & Exclude<typeof format, undefined> {
  return typeof format === 'object' && 'validate' in format && format.async !== true && format.type !== 'number';
}

function counted(name: string, format: RegExp | Check, steps: Steps): Check {
  if (format instanceof RegExp && !/\(\?<?[=!]/.test(format.source)) return linear(format.source, format.flags, steps);
  const check: Check = format instanceof RegExp ? text => format.test(text) : format;
  return text => {
    steps.take(4 * text.length);
    if (name === cubic) steps.take(text.length ** 3 / 4096);
    return check(text);
  };
}

/** Compiled at the first use: few schemas use more than one or two formats. */
function linear(source: string, flags: string, steps: Steps): Check {
  let pattern: Pattern | undefined;
  return text => {
    pattern ??= new Pattern(flags.includes('i') ? `(?i:${source})` : source);
    return pattern.testWithin(steps, text);
  };
}

/** The format `uri`: a scheme is required, and at least one character after it. */
function uri({ source, flags }: RegExp, steps: Steps): Check {
  if (!source.startsWith(optionalScheme)) throw new Error('the format of URI references is not as it was');
  const isUri = linear(source.replace(optionalScheme, optionalScheme.slice(0, -1)), flags, steps);
  // The expression of `uri-reference` allows double quotes, which no URI may contain.
  return text => /^[^:]*:[^?#]/.test(text) && !text.includes('"') && isUri(text);
}
