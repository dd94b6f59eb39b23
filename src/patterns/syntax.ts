import { PatternError } from './pattern-error.js';
import { readClass, readEscape } from './atoms.js';

/** A piece of a pattern that matches one character: the characters that `RegExp` matches with this source and these flags. */
export interface Atom {
  readonly kind: 'atom';
  readonly source: string;
  readonly flags: string;
}

/** A condition on a place between two characters. */
export type Assertion = 'begin' | 'end' | 'boundary' | 'inside';

/** The syntax tree of a pattern. Captures and the preference between matches are left out: they do not change whether there is a match. */
export type Node =
  | Atom
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number };

const deepest = 200;
const lookAround = /\(\?<?[=!]/y;
const modifiers = /\(\?([ims]*)(?:-([ims]+))?:/y;
const group = /\((?:\?:|\?<[^>=!][^>]*>)?/y;
const quantifier = /([*+?])\??|\{(\d+)(?:(,)(\d*))?\}\??/y;

/**
 * Reads a pattern of ECMAScript (ECMA-262 §22.2) as the `u` flag reads it, except that any punctuation may be escaped. `RegExp`
 * must accept `source`.
 * @throws PatternError for a construct that cannot be matched in linear time.
 */
export class PatternReader {
  #at = 0;
  #depth = 0;

  constructor(private readonly source: string) {}

  read(): Node {
    return this.#choice('u');
  }

  #choice(flags: string): Node {
    if (++this.#depth > deepest) throw new PatternError(`nests groups more than ${deepest} levels deep`);
    const options = [this.#sequence(flags)];
    while (this.source[this.#at] === '|') {
      this.#at++;
      options.push(this.#sequence(flags));
    }
    this.#depth--;
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #sequence(flags: string): Node {
    const parts: Node[] = [];
    while (this.#at < this.source.length && this.source[this.#at] !== '|' && this.source[this.#at] !== ')') {
      parts.push(this.#repeated(this.#term(flags)));
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  #repeated(node: Node): Node {
    const found = this.#take(quantifier);
    if (found === undefined) return node;
    const [, sign, least, comma, most] = found;
    if (sign !== undefined)
      return { kind: 'repeat', node, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity };
    if (comma === undefined) return { kind: 'repeat', node, least: Number(least), most: Number(least) };
    return { kind: 'repeat', node, least: Number(least), most: most === '' ? Infinity : Number(most) };
  }

  #term(flags: string): Node {
    const character = this.source[this.#at]!;
    if (character === '(') return this.#group(flags);
    if (character === '^' || character === '$') {
      this.#at++;
      return { kind: 'assertion', assertion: character === '^' ? 'begin' : 'end' };
    }
    if (character === '\\' && /[bB]/.test(this.source[this.#at + 1] ?? '')) {
      this.#at += 2;
      return { kind: 'assertion', assertion: this.source[this.#at - 1] === 'b' ? 'boundary' : 'inside' };
    }
    return { kind: 'atom', source: this.#atom(character), flags };
  }

  #atom(character: string): string {
    const [length, source] =
      character === '\\'
        ? readEscape(this.source, this.#at)
        : character === '['
          ? readClass(this.source, this.#at)
          : readCharacter(this.source, this.#at);
    this.#at += length;
    return source;
  }

  #group(flags: string): Node {
    if (this.#take(lookAround) !== undefined) {
      throw new PatternError(
        'looks around (?=, ?!, ?<=, ?<!), which is not done here, so that no text takes long: say what may stand there, or ask for it in a condition of its own',
      );
    }
    let inner = flags;
    const [, on, off = ''] = this.#take(modifiers) ?? [];
    if (on === undefined) this.#take(group);
    else inner = changed(flags, on, off);
    const node = this.#choice(inner);
    this.#at++;
    return node;
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.source) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}

function readCharacter(source: string, at: number): readonly [length: number, source: string] {
  const character = String.fromCodePoint(source.codePointAt(at)!);
  return [character.length, /[/{}\]]/.test(character) ? `\\${character}` : character];
}

function changed(flags: string, on: string, off: string): string {
  if (on.includes('m'))
    throw new PatternError('has the modifier m, which is not known here: there is but one begin and one end');
  const kept = [...flags].filter(flag => !off.includes(flag) && !on.includes(flag));
  return [...kept, ...on].sort().join('');
}
