/**
 * A value that consists of one environment substitution, such as `${PORT}`. It is a text; where a text is not allowed, it
 * counts as the number or boolean that it spells. It is never read as YAML.
 */
export class Substituted {
  constructor(
    /** The text after substitution. */
    readonly text: string,
    /** The text of the file. */
    readonly original: string,
  ) {}

  /** The number or boolean that the text spells, undefined when it spells neither. */
  asScalar(): number | boolean | undefined {
    if (this.text === 'true' || this.text === 'false') return this.text === 'true';
    return /^-?\d+(\.\d+)?$/.test(this.text) ? Number(this.text) : undefined;
  }
}

/** The value with each substitution in it, at any depth, replaced by its number, boolean or text. */
export function settleSubstitutions(value: unknown): unknown {
  if (value instanceof Substituted) return value.asScalar() ?? value.text;
  if (Array.isArray(value)) return value.map(settleSubstitutions);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, settleSubstitutions(item)]));
}
