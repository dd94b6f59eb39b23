import { lstatSync, opendirSync, type Dir } from 'node:fs';
import { isAbsolute, join, normalize, parse, sep } from 'node:path';
import { whyUnreadable } from '../../../platform/bounded-file.js';

/** Names in folders that one search looks at. */
const mostNames = 100_000;

/** A pattern whose matches cannot be told. The message is one line. */
export class GlobError extends Error {}

/** Whether a path is a pattern: `*` stands for any characters of one name, `?` for one. */
export function isGlob(path: string): boolean {
  return /[*?]/.test(path);
}

/** Looks for the paths that match patterns. */
export class PatternSearch {
  #names = 0;

  /** `most`: the most paths that a pattern may match. */
  constructor(private readonly most: number) {}

  /**
   * The paths that match a pattern, sorted by name within each folder. A name that begins with a dot is matched only by a dot. Directories match as
   * files do. A relative pattern is relative to `folder`, which is no pattern; so are its matches. A folder that does not exist has no matches.
   * @throws GlobError when a folder may not be read, when there are too many names in it, or too many matches.
   */
  matches(pattern: string, folder = ''): string[] {
    const { root } = parse(pattern);
    const found: string[] = [];
    this.#go(isAbsolute(pattern) ? root : folder, normalize(pattern.slice(root.length)).split(sep), found);
    return found;
  }

  #go(folder: string, [step, ...rest]: readonly string[], found: string[]): void {
    if (step === undefined) {
      if (found.length === this.most) throw new GlobError(`matches more than ${this.most} files`);
      found.push(folder);
    } else if (isGlob(step)) {
      for (const name of this.#matching(folder, step)) this.#go(join(folder, name), rest, found);
    } else if (rest.length > 0 || exists(join(folder, step))) this.#go(join(folder, step), rest, found);
  }

  #matching(folder: string, step: string): string[] {
    const names: string[] = [];
    for (const name of this.#namesIn(folder)) {
      if (++this.#names > mostNames) throw new GlobError(`makes the search look at more than ${mostNames} names`);
      if (name.startsWith('.') === step.startsWith('.') && fits(name, step)) names.push(name);
    }
    return names.toSorted();
  }

  *#namesIn(folder: string): Generator<string> {
    let dir: Dir | undefined;
    try {
      dir = opendirSync(folder);
      for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) yield entry.name;
    } catch (error) {
      if (isAbsent(error)) return;
      throw new GlobError(`needs the folder "${folder}", which ${whyUnreadable(error)}`, { cause: error });
    } finally {
      dir?.closeSync();
    }
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw new GlobError(`leads to "${path}", which ${whyUnreadable(error)}`, { cause: error });
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Whether a name fits one step of a pattern. Takes time in proportion to the product of their lengths at most. */
function fits(name: string, step: string): boolean {
  let [at, from] = [0, 0];
  /** Where the last `*` stands, and the first character behind what it takes. */
  let [star, taken] = [-1, 0];
  while (at < name.length) {
    if (step[from] === '*') [star, taken] = [from++, at];
    else if (from < step.length && (step[from] === '?' || step[from] === name[at])) [at, from] = [at + 1, from + 1];
    else if (star === -1) return false;
    else [at, from] = [++taken, star + 1];
  }
  while (step[from] === '*') from++;
  return from === step.length;
}
