import type { Atom } from './syntax.js';

/** A set of characters that a pattern does not distinguish. */
export interface Letter {
  /** A small number, assigned without gaps; 0 is the end of the text. */
  readonly id: number;
  /** One bit for each atom that matches these characters. */
  readonly atoms: Uint32Array;
  /** Whether these characters are in `\w`. */
  readonly isWord: boolean;
}

const mostLetters = 1024;
const mostKnown = 512;
const word = /^\w$/;

/**
 * Groups characters into the few letters that a pattern distinguishes. `RegExp` decides whether an atom matches a character; it
 * sees one character only, so its time is bounded, and classes, properties and letter case are those of ECMAScript.
 */
export class Alphabet {
  /** The end of the text, which no atom matches. */
  readonly end: Letter;
  readonly #expressions: readonly RegExp[];
  readonly #letters = new Map<string, Letter>();
  readonly #latin: (Letter | undefined)[] = Array.from({ length: 256 });
  readonly #others = new Map<number, Letter>();

  /** @throws SyntaxError for an invalid atom. */
  constructor(
    atoms: readonly Atom[],
    /** Called when the letters were forgotten and their ids will be assigned again. */
    private readonly forgotten: () => void,
  ) {
    this.#expressions = atoms.map(({ source, flags }) => new RegExp(`^(?:${source})$`, flags));
    this.end = { id: 0, atoms: this.#none(), isWord: false };
  }

  /** Steps for finding the letter of a new character. */
  get cost(): number {
    return this.#expressions.length + 1;
  }

  known(character: number): Letter | undefined {
    return character < 256 ? this.#latin[character] : this.#others.get(character);
  }

  sort(character: number): Letter {
    const text = String.fromCodePoint(character);
    const atoms = this.#none();
    this.#expressions.forEach((expression, atom) => {
      if (expression.test(text)) atoms[atom >>> 5]! |= 1 << (atom & 31);
    });
    const isWord = word.test(text);
    const key = `${isWord} ${atoms.join()}`;
    let letter = this.#letters.get(key);
    if (letter === undefined) {
      if (this.#letters.size >= mostLetters) this.#forget();
      this.#letters.set(key, (letter = { id: this.#letters.size + 1, atoms, isWord }));
    }
    if (character < 256) this.#latin[character] = letter;
    else {
      if (this.#others.size >= mostKnown) this.#others.clear();
      this.#others.set(character, letter);
    }
    return letter;
  }

  #forget(): void {
    this.#letters.clear();
    this.#others.clear();
    this.#latin.fill(undefined);
    this.forgotten();
  }

  #none(): Uint32Array {
    return new Uint32Array((this.#expressions.length + 31) >>> 5);
  }
}

/** Whether an atom matches the characters of a letter. */
export function takes({ atoms }: Letter, atom: number): boolean {
  return (atoms[atom >>> 5]! & (1 << (atom & 31))) !== 0;
}
