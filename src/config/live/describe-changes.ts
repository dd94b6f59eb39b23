import type { GatewayConfig } from '../file/gateway.config.js';
import type { Field } from '../language/fields.js';
import { filePath } from '../language/kinds/file-path.js';
import { isAlike, isBlock, isEqual, keysOf, nameOf } from './anatomy.js';
import { changeLine, unwritten, valueOf } from './change-line.js';
import { elementLines } from './element-lines.js';
import { pairUp } from './pairs.js';
import { below, spell } from './wording.js';

const mostLines = 100;

/**
 * The difference between two configurations in words, a line each: `route orders: timeouts.response 5s → 8s`. At most a hundred lines, and one that
 * counts the others. Values are spelled as `gatehouse print` spells them, long ones are cut, and a secret has only changed. No control character of a
 * name or value gets into a line. Empty when the configurations say the same and no file has changed.
 *
 * `changedFiles`: absolute paths of files with a new content. Each key that names one is told of.
 */
export function describeChanges(
  from: GatewayConfig,
  to: GatewayConfig,
  changedFiles: ReadonlySet<string> = new Set(),
): readonly string[] {
  const comparison = new Comparison(changedFiles);
  comparison.blocks({ subject: '', path: '' }, from, to);
  return comparison.lines();
}

/** Where a value stands: a named part of the configuration (`route orders: `, empty for the whole), and the way from there. */
interface Place {
  readonly subject: string;
  readonly path: string;
}

/** What a line calls a part of a list or map: `backend b`; and where the keys of the part stand. */
interface Part {
  readonly title: string;
  readonly inside: Place;
}

class Comparison {
  readonly #lines: string[] = [];
  #count = 0;

  constructor(private readonly changedFiles: ReadonlySet<string>) {}

  lines(): readonly string[] {
    const rest = this.#count - this.#lines.length;
    return rest === 0 ? this.#lines : [...this.#lines, `… and ${rest} more change${rest === 1 ? '' : 's'}`];
  }

  /** Two blocks of one class. Lists and maps of named blocks come last, so that their many changes do not crowd out the others. */
  blocks(place: Place, from: object, to: object): void {
    if (this.#isSettled(from, to)) return;
    const named: Field[] = [];
    for (const field of keysOf(to).values()) {
      if (isNamed(field, from) || isNamed(field, to)) named.push(field);
      else this.#values(place, field, from, to);
    }
    for (const field of named) this.#values(place, field, from, to);
  }

  #values(place: Place, field: Field, from: object, to: object): void {
    const [before, after] = [valueOf(from, field.name), valueOf(to, field.name)];
    if (this.#isSettled(before, after)) return;
    const here = { subject: place.subject, path: below(place.path, field.name) };
    const present = before ?? after;
    const counted = this.#count;
    if (field.kind.blocks === undefined) this.#leaves(here, field, from, to);
    else if (Array.isArray(present) || present instanceof Map) this.#parts(place, here, field, before, after);
    else if (isBlock(before) && isAlike(before, after)) this.blocks(here, before, after as object);
    else if (isBlock(before) && after === undefined) this.#appears(here, before, 'removed');
    else if (isBlock(after) && before === undefined) this.#appears(here, after, 'added');
    else this.#leaves(here, field, from, to);
    // Something without content was not there before, or is there no more.
    if (this.#count === counted && (before === undefined) !== (after === undefined)) {
      this.#add(changeLine(textOf(here), field, from, to));
    }
  }

  /** Keys whose values hold no blocks. */
  #leaves(here: Place, field: Field, from: object, to: object): void {
    const [before, after] = [valueOf(from, field.name), valueOf(to, field.name)];
    if (isEqual(before, after)) {
      if (field.kind !== filePath || !this.changedFiles.has(String(after))) return;
      this.#add(`${textOf(here)}: the file ${spell(after)} has changed`);
      return;
    }
    const lines = elementLines(textOf(here), field.kind, before, after);
    for (const line of lines) this.#add(line);
    if (lines.length === 0) this.#add(changeLine(textOf(here), field, from, to));
  }

  /** A block that is there in one of the configurations only. Where it has no defaults its keys say more than its name. */
  #appears(here: Place, block: object, change: 'added' | 'removed'): void {
    const empty = unwritten(block);
    if (Object.keys(empty).length > 0) this.#add(`${textOf(here)} ${change}`);
    else if (change === 'added') this.blocks(here, empty, block);
    else this.blocks(here, block, empty);
  }

  /** Lists and maps of blocks. */
  #parts(place: Place, here: Place, field: Field, before: unknown, after: unknown): void {
    const { pairs, isReordered } = pairUp(before, after);
    if (isReordered) this.#add(`${textOf(here)}: order changed`);
    for (const { name, from, to } of pairs) {
      if (this.#isSettled(from, to)) continue;
      const { title, inside } = partOf(place, here, field, name);
      if (from === undefined) this.#add(`${title} added`);
      else if (to === undefined) this.#add(`${title} removed`);
      else this.blocks(inside, from, to);
    }
  }

  /** Whether two values are the same, and no changed file is named in them. */
  #isSettled(before: unknown, after: unknown): boolean {
    if (before !== after) return false;
    return this.changedFiles.size === 0 || (typeof after !== 'object' && !this.changedFiles.has(String(after)));
  }

  #add(line: string): void {
    this.#count++;
    if (this.#lines.length < mostLines) this.#lines.push(line);
  }
}

/** Whether a key holds blocks that have names. */
function isNamed({ name, kind }: Field, block: object): boolean {
  if (kind.blocks === undefined) return false;
  const value: unknown = Reflect.get(block, name);
  return value instanceof Map || (Array.isArray(value) && nameOf(value[0]) !== undefined);
}

function partOf({ subject, path }: Place, here: Place, field: Field, name: string | number): Part {
  if (typeof name === 'number') {
    const inside = { subject, path: `${here.path}[${name}]` };
    return { title: textOf(inside), inside };
  }
  const title = `${subject}${path === '' ? '' : `${path}: `}${field.name.replace(/s$/, '')} ${spell(name)}`;
  return { title, inside: { subject: `${title}: `, path: '' } };
}

function textOf({ subject, path }: Place): string {
  return `${subject}${path}`;
}
