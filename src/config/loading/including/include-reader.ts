import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { readBoundedText, whyUnreadable } from '../../../platform/bounded-file.js';
import { includedFiles } from '../../file/gateway.config.js';
import { Invalid } from '../../language/kinds/invalid.js';
import { read } from '../../language/kinds/kind.js';
import { describeFound } from '../../language/kinds/found.js';
import { isBlock } from '../../language/kinds/raw-block.js';
import { Source } from '../../language/kinds/source.js';
import { refusals } from '../collect.js';
import type { Environment } from '../environment.js';
import { formatPlace, type Finding, type Path, type Place } from '../findings.js';
import { largestFile, mostNodes } from '../yaml-bounds.js';
import { readYaml } from '../yaml-source.js';
import { GlobError, isGlob, PatternSearch } from './glob.js';
import type { Part } from './merge.js';

/** Files of one configuration. */
const mostFiles = 1000;

/** Files of which each includes the next. */
const longestTrail = 10;

/** Characters of all files of one configuration together. */
const largestTogether = 4 * largestFile;

/** Values of all files of one configuration together. */
const mostNodesTogether = 2 * mostNodes;

/** A file that is being read, and those that include it. */
interface Trail {
  /** The name of the file, for messages. */
  readonly name: string;
  /** The path of the file itself, behind all links. */
  readonly identity: string;
  readonly outer?: Trail;
}

/** An entry of `include`. */
interface Entry {
  readonly path: Path;
  readonly position: Place | undefined;
  readonly trail: Trail;
}

/** Reads the text of a configuration file, and then, depth first, the files that it includes. */
export class IncludeReader {
  readonly parts: Part[] = [];
  readonly findings: Finding[] = [];
  readonly warnings: Finding[] = [];
  /** The absolute paths of the files that were read, and of those that could not be. */
  readonly files: string[] = [];
  /** The absolute patterns that were looked for. */
  readonly patterns: string[] = [];
  /** Whether every file could be read: names that seem to be missing may stand in one that could not. */
  isWhole = true;
  /** Why the reading was given up before its end. */
  excess: Finding | undefined;
  readonly #search = new PatternSearch(mostFiles);
  readonly #seen = new Map<string, { readonly name: string; readonly position: Place | undefined }>();
  #characters = 0;
  #nodes = 0;

  constructor(private readonly env: Environment) {}

  /** Reads a text whose file is called `name`. */
  add(text: string, name: string): void {
    this.files.push(resolve(name));
    this.#read(text, { name, identity: identityOf(name) });
  }

  #read(text: string, trail: Trail): void {
    const { value, findings, positions, size } = readYaml(text, trail.name, this.env);
    const source = new Source(dirname(resolve(trail.name)));
    this.#characters += text.length;
    this.#nodes += size;
    if (!isBlock(value)) {
      // An included file may be empty, as one is whose lines are all comments.
      const isWrong = value !== undefined && trail.outer !== undefined;
      const message = `found ${describeFound(value)}, expected a block of keys, as in the file that includes this one`;
      if (isWrong || findings.length > 0) this.isWhole = false;
      this.parts.push({
        value,
        positions,
        findings: isWrong ? [...findings, { path: [], message }] : findings,
        source,
      });
      return;
    }
    const given = Object.hasOwn(value, 'include') ? read(includedFiles, value['include'], source) : [];
    const isSingle = !Array.isArray(value['include']);
    Reflect.deleteProperty(value, 'include');
    const refused = refusals(['include'], given);
    if (refused.length > 0) this.isWhole = false;
    this.parts.push({ value, positions, findings: [...findings, ...refused], source });
    if (given instanceof Invalid) return;
    for (const [index, pattern] of given.entries()) {
      const path = isSingle ? ['include'] : ['include', index];
      const entry = { path, position: positions.find(path, 'value'), trail };
      if (!((pattern as unknown) instanceof Invalid)) this.#follow(pattern, entry);
    }
  }

  /** Reads the files that an entry of `include` names. */
  #follow(pattern: string, entry: Entry): void {
    if (this.excess !== undefined) return;
    const folder = dirname(entry.trail.name);
    if (!isGlob(pattern)) {
      this.#include(isAbsolute(pattern) ? normalize(pattern) : join(folder, pattern), entry, join(pattern, '*.yaml'));
      return;
    }
    if (/(^|[\\/])\*\*([\\/]|$)/.test(pattern)) {
      this.#refuse(entry, '** is not taken: write one * for each folder, such as sites/*/*.yaml');
      return;
    }
    this.patterns.push(resolve(folder, pattern));
    try {
      const names = this.#search.matches(pattern, folder);
      if (names.length === 0) this.#warn(entry, `no file matches ${JSON.stringify(pattern)}`);
      // Of many faults only the first is told, since the others are most likely the same.
      names.every(name => this.#include(name, entry));
    } catch (error) {
      if (!(error instanceof GlobError)) throw error;
      this.#refuse(entry, `${JSON.stringify(pattern)} ${error.message}`);
    }
  }

  /** Reads an included file; false when that cannot be. */
  #include(name: string, entry: Entry, instead?: string): boolean {
    const identity = identityOf(name);
    const trail: Trail = { name, identity, outer: entry.trail };
    const around = trailOf(entry.trail);
    const same = around.findIndex(each => each.identity === identity);
    if (same !== -1) {
      const circle = [trail, ...around.slice(0, same + 1)].map(each => each.name).toReversed();
      return this.#refuse(entry, `a file includes itself: ${circle.join(' > ')}`);
    }
    const seen = this.#seen.get(identity);
    if (seen !== undefined) return this.#refuse(entry, twice(name, seen.name, seen.position));
    if (this.files.length >= mostFiles)
      return this.#stop(entry, `more than ${mostFiles} files: no configuration has that many`);
    if (around.length >= longestTrail) {
      return this.#refuse(
        entry,
        `more than ${longestTrail} files of which each includes the next: no configuration needs that`,
      );
    }
    this.#seen.set(identity, { name, position: entry.position });
    this.files.push(resolve(name));
    let text: string;
    try {
      text = readBoundedText(name, { dropMark: true, maxBytes: largestFile, maxWait: 0 });
    } catch (error) {
      const why = whyUnreadable(error);
      const suggestion = why === 'is a directory' ? instead : undefined;
      return this.#refuse(entry, `file "${resolve(name)}" ${why}`, suggestion);
    }
    this.#read(text, trail);
    const isTooMuch = this.#characters > largestTogether || this.#nodes > mostNodesTogether;
    return isTooMuch
      ? this.#stop(entry, `${name} and the files before it are too large together`)
      : this.excess === undefined;
  }

  #warn({ path, position }: Entry, message: string): void {
    this.warnings.push({ path, message, ...(position && { position }) });
  }

  /** Reports an entry that cannot be followed; returns false. */
  #refuse({ path, position }: Entry, message: string, suggestion?: string): false {
    this.isWhole = false;
    this.findings.push({ path, message, ...(position && { position }), ...(suggestion && { suggestion }) });
    return false;
  }

  /** Reports an entry behind which nothing more is read; returns false. */
  #stop({ path, position }: Entry, message: string): false {
    this.isWhole = false;
    this.excess ??= { path, message, ...(position && { position }) };
    return false;
  }
}

/** A file and those that include it, innermost first. */
function trailOf(trail: Trail): Trail[] {
  return [trail, ...(trail.outer ? trailOf(trail.outer) : [])];
}

/** The path of the file behind all links; the path as it is where there is no such file. */
function identityOf(name: string): string {
  try {
    return realpathSync(name);
  } catch {
    return resolve(name);
  }
}

function twice(name: string, first: string, position: Place | undefined): string {
  const where = position === undefined ? 'already' : `at ${formatPlace(position)} already`;
  return name === first ? `${name} is included ${where}` : `${name} is the file ${first}, which is included ${where}`;
}
