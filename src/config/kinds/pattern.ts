import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

const longest = 512;

/**
 * A regular expression, matched anywhere in the value unless it is anchored. At most 512 characters; shapes that can take
 * exponential time on a hostile value (a repetition inside a repetition, back references) are refused.
 */
export const pattern: Kind<RegExp> = {
  label: 'regular expression',
  expected: 'a regular expression such as ^v[0-9]+$',
  schema: { type: 'string', format: 'regex', minLength: 1, maxLength: longest },
  parse(raw) {
    if (typeof raw !== 'string' || raw === '') return new Invalid(raw, this.expected);
    if (raw.length > longest) return new Invalid(raw, `${this.expected} of at most ${longest} characters`);
    try {
      const compiled = new RegExp(raw);
      const danger = findDanger(raw);
      return danger === undefined ? compiled : new Invalid(raw, this.expected, { message: danger });
    } catch (error) {
      const why = (error as Error).message.replace(/^Invalid regular expression: /, '');
      return new Invalid(raw, this.expected, { message: `the regular expression does not compile: ${why}` });
    }
  },
  format: value => value.source,
};

interface Group {
  repeats: boolean;
  alternatives: string[];
}

/** Why an expression may take exponential time on a hostile value, undefined when no such shape is found. */
export function findDanger(source: string): string | undefined {
  const slow = 'may take exponential time on a hostile value: ';
  const groups: Group[] = [{ repeats: false, alternatives: [''] }];
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const group = groups.at(-1) as Group;
    const atom =
      /^\\(?:k<[^>]*>|.)|^\[\^?(?:\\.|[^\]\\])*\]|^\((?:\?(?::|=|!|<=|<!|<[^>]+>))?|^[\s\S]/.exec(rest)?.[0] ?? '';
    at += atom.length - 1;
    if (/^\\[1-9k]/.test(atom)) return `${slow}it has a back reference`;
    if (atom.startsWith('(')) groups.push({ repeats: false, alternatives: [''] });
    else if (atom === '|') group.alternatives.push('');
    else if (atom === ')') {
      const closed = groups.pop() as Group;
      const outer = groups.at(-1) as Group;
      if (unbounded(source.slice(at + 1))) {
        if (closed.repeats) return `${slow}a repetition stands inside a repeated group`;
        if (overlap(closed.alternatives)) return `${slow}alternatives of a repeated group can match the same text`;
      }
      outer.repeats ||= closed.repeats || variable(source.slice(at + 1));
      append(outer, '(');
    } else if (variable(rest)) group.repeats = true;
    else append(group, atom);
  }
  return undefined;
}

function append(group: Group, atom: string): void {
  group.alternatives.push((group.alternatives.pop() ?? '') + atom);
}

/** Whether the text begins with a quantifier that repeats without bound, or more often than is harmless. */
export function unbounded(text: string): boolean {
  const counted = /^\{(\d+)(,(\d*))?\}/.exec(text);
  if (!counted) return /^[*+]/.test(text);
  return counted[2] === ',' || Number(counted[3] ?? counted[1]) > 16;
}

/** Whether the text begins with a quantifier that lets the length of its match vary. */
function variable(text: string): boolean {
  return text.startsWith('?') || /^\{\d+,/.test(text) || unbounded(text);
}

/** Whether two alternatives might begin alike: the same character, or a class, group or escape whose extent is unknown. */
function overlap(alternatives: readonly string[]): boolean {
  if (alternatives.length < 2) return false;
  const firsts = alternatives.map(each => each.charAt(0));
  return new Set(firsts).size < firsts.length || firsts.some(first => first === '' || '.\\[('.includes(first));
}
