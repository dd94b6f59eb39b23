import { Lexer } from 'yaml';

/** Bytes of the largest file that is read, and characters of the largest text that is parsed. */
export const largestFile = 4 * 1024 * 1024;

/** More values than any configuration has; aliases that multiply each other stop here. */
export const mostNodes = 200_000;

/** More levels than any configuration has. */
export const deepest = 64;

/** Why a text is not parsed, and at which place. */
export interface Excess {
  readonly message: string;
  /** Characters from the beginning. */
  readonly offset: number;
}

/** What was measured of a text. */
interface Measure {
  /** Keys and values in the part of the text that was looked at. */
  readonly scalars: number;
  /** Undefined: the text may be parsed. */
  readonly excess?: Excess;
}

/**
 * Checks a text before it is parsed: the parser recurses for each level, and its time grows with the square of the length of a
 * malicious file.
 */
export function measure(text: string): Measure {
  const excessive = (scalars: number, offset: number, message: string): Measure => ({
    scalars,
    excess: { message, offset },
  });
  if (text.length > largestFile) return excessive(0, 0, 'the file is larger than 4 MiB: no configuration is');
  const levels = new Levels();
  let offset = 0;
  let scalars = 0;
  for (const token of new Lexer().lex(text)) {
    // Marks of the lexer, which are no characters of the text.
    if (token === '\x1f') {
      if (++scalars > 2 * mostNodes)
        return excessive(scalars, offset, 'the file is too large: it holds too many values');
    } else if (token !== '\x02' && token !== '\x18') {
      if (levels.enter(token) > deepest)
        return excessive(scalars, offset, `nested too deep: at most ${deepest} levels`);
      offset += token.length;
    }
  }
  return { scalars };
}

/** Estimates the depth of a place in the text by brackets and columns, closely enough to bound the parser. */
class Levels {
  /** Columns of the blocks around this place. */
  readonly #columns: number[] = [];
  #brackets = 0;
  #column = 0;

  /** Reads a token; returns the depth at it. */
  enter(token: string): number {
    if (token === '[' || token === '{') this.#brackets++;
    else if (token === ']' || token === '}') this.#brackets = Math.max(0, this.#brackets - 1);
    else if (this.#brackets === 0 && !/^[\s#:]/.test(token)) this.#block();
    this.#column = token.endsWith('\n') ? 0 : this.#column + token.length;
    return this.#columns.length + this.#brackets;
  }

  #block(): void {
    while ((this.#columns.at(-1) ?? -1) >= this.#column) this.#columns.pop();
    this.#columns.push(this.#column);
  }
}
