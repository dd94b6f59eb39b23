import { decode } from '../http/path.js';
import type { MatchDefinition } from './route.js';

/** One segment of a pattern: literal text, or a parameter that matches any one segment that is not empty. */
type PatternSegment =
  { readonly kind: 'static'; readonly text: string } | { readonly kind: 'param'; readonly name: string };

/** A path of the configuration, parsed. */
export interface PathPattern {
  /** The text of the configuration. */
  readonly text: string;
  /** The segments without the `/*` at the end. */
  readonly segments: readonly PatternSegment[];
  /** Whether it ends in `/*`, and so matches its segments and all paths below them. */
  readonly isPrefix: boolean;
  /** The index of each parameter's segment, from 0. The text that `*` matches is the parameter `rest`, which begins after the last segment. */
  readonly parameters: ReadonlyMap<string, number>;
  /** Ignores case: the texts of the pattern are in lower case. */
  readonly foldsCase: boolean;
  /** A variant of the configured path: with a slash at its end when the configured path has none, or the other way round. */
  readonly isSlashVariant: boolean;
}

/** How paths are compared. Default: letter by letter. */
type PathComparison = Pick<MatchDefinition, 'caseSensitive' | 'trailingSlash'>;

/** The patterns for a path of the configuration: first the path itself, then its slash variant. Throws as `parsePattern` does. */
export function patternsOf(
  text: string,
  { caseSensitive = true, trailingSlash = 'exact' }: PathComparison,
): PathPattern[] {
  const written = parsePattern(text);
  const pattern = caseSensitive
    ? written
    : Object.freeze({ ...written, segments: written.segments.map(lower), foldsCase: true });
  const other = trailingSlash === 'exact' ? undefined : withOtherEnd(pattern.segments);
  if (other === undefined || pattern.isPrefix) return [pattern];
  return [pattern, Object.freeze({ ...pattern, segments: other, isSlashVariant: true })];
}

function lower(segment: PatternSegment): PatternSegment {
  return segment.kind === 'static' ? { kind: 'static', text: segment.text.toLowerCase() } : segment;
}

/** The segments with a slash added at the end, or removed; undefined for the root. */
function withOtherEnd(segments: readonly PatternSegment[]): readonly PatternSegment[] | undefined {
  const last = segments.at(-1);
  if (last?.kind !== 'static' || last.text !== '') return [...segments, { kind: 'static', text: '' }];
  return segments.length === 1 ? undefined : segments.slice(0, -1);
}

/** Whether a path has the texts of a pattern in the same upper and lower case. */
export function hasSameCase({ segments }: PathPattern, path: string): boolean {
  let start = 1;
  for (const segment of segments) {
    const slash = path.indexOf('/', start);
    const end = slash === -1 ? path.length : slash;
    if (segment.kind === 'static' && path.slice(start, end) !== segment.text) return false;
    start = end + 1;
  }
  return true;
}

const PARAMETER = /^:([A-Za-z_][A-Za-z0-9_]*)$/;

/**
 * Parses a path of the configuration: `/exact`, `/users/:id`, `/files/*`. Escapes are decoded and duplicate slashes merged, as
 * they are in requests; `%3A` and `%2A` are a literal `:` and `*`, which are special characters otherwise. Throws an Error that
 * says what is wrong.
 */
export function parsePattern(text: string): PathPattern {
  if (!text.startsWith('/')) throw new Error(`path "${text}" must begin with /`);
  const written = text
    .slice(1)
    .replace(/\/{2,}/g, '/')
    .replace(/^\//, '')
    .split('/');
  const isPrefix = written.at(-1) === '*';
  if (isPrefix) written.pop();
  const segments = written.flatMap(segment => parseSegment(segment, text));
  const parameters = new Map<string, number>();
  segments.forEach((segment, index) => {
    if (segment.kind === 'param') addParameter(parameters, segment.name, index, text);
  });
  if (isPrefix) addParameter(parameters, 'rest', segments.length, text);
  return Object.freeze({ text, segments, isPrefix, parameters, foldsCase: false, isSlashVariant: false });
}

function parseSegment(segment: string, text: string): PatternSegment[] {
  if (segment.includes('*')) throw new Error(`path "${text}": * may stand only at the end, after a slash`);
  if (segment.startsWith(':')) {
    const name = PARAMETER.exec(segment)?.[1];
    if (name === undefined)
      throw new Error(`path "${text}": a parameter is a whole segment such as :id, found "${segment}"`);
    return [{ kind: 'param', name }];
  }
  const parts = decode(utf8Escaped(segment)).split('/');
  if (parts.some(part => part === '.' || part === '..'))
    throw new Error(`path "${text}" can never match: dot segments are removed`);
  return parts.map(part => ({ kind: 'static', text: part }));
}

/** Encodes characters beyond ASCII as UTF-8: `é` in the configuration is a character, not the byte E9. */
function utf8Escaped(text: string): string {
  return text.replace(/[^\x00-\x7f]+/gu, run => encodeURIComponent(run.toWellFormed()));
}

function addParameter(parameters: Map<string, number>, name: string, index: number, text: string): void {
  if (parameters.has(name)) throw new Error(`path "${text}": the name :${name} is used twice`);
  parameters.set(name, index);
}

/** The path when the pattern matches exactly one, else undefined. */
export function onlyPath(pattern: PathPattern): string | undefined {
  if (pattern.isPrefix) return undefined;
  const texts: string[] = [];
  for (const segment of pattern.segments) {
    if (segment.kind === 'param') return undefined;
    texts.push(segment.text);
  }
  return `/${texts.join('/')}`;
}

/** A text for the paths that a pattern matches, without the names of its parameters: equal for patterns that match the same paths. */
export function shapeOf(pattern: PathPattern): string {
  const shape = pattern.segments.map(segment => (segment.kind === 'param' ? ':' : `=${segment.text}`));
  return [...shape, pattern.isPrefix ? '*' : ''].join('/');
}

/** Whether every path that `narrow` matches is one that `wide` matches. A "no" may be false where only the case of letters differs, a "yes" never is. */
export function includesPaths(wide: PathPattern, narrow: PathPattern): boolean {
  if (wide.isPrefix ? narrow.segments.length < wide.segments.length : narrow.isPrefix) return false;
  if (!wide.isPrefix && narrow.segments.length !== wide.segments.length) return false;
  return wide.segments.every((segment, index) => {
    const other = narrow.segments[index]!;
    if (segment.kind === 'param') return other.kind === 'param' || other.text !== '';
    if (other.kind === 'param') return false;
    if (wide.foldsCase) return segment.text.toLowerCase() === other.text.toLowerCase();
    return segment.text === other.text && (!narrow.foldsCase || other.text.toUpperCase() === other.text);
  });
}

/**
 * Orders patterns by specificity, segment by segment from the left: text before `:param` before the end before `/*`. Of two
 * patterns for the same paths, the case-sensitive one comes first. Negative when `a` is tried first; zero when both are equally
 * specific. Patterns that share no path are in the order of their text.
 */
export function comparePatterns(a: PathPattern, b: PathPattern): number {
  const length = Math.min(a.segments.length, b.segments.length) + 1;
  for (let i = 0; i < length; i++) {
    const difference = rankAt(a, i) - rankAt(b, i);
    if (difference !== 0) return difference;
    const [left, right] = [a.segments[i], b.segments[i]];
    if (left?.kind !== 'static' || right?.kind !== 'static') continue;
    const [one, other] = [left.text.toLowerCase(), right.text.toLowerCase()];
    if (one !== other) return one < other ? -1 : 1;
  }
  return loosenessOf(a) - loosenessOf(b);
}

function loosenessOf({ foldsCase, isSlashVariant }: PathPattern): number {
  return (isSlashVariant ? 2 : 0) + (foldsCase ? 1 : 0);
}

function rankAt(pattern: PathPattern, index: number): number {
  const segment = pattern.segments[index];
  if (segment !== undefined) return segment.kind === 'static' ? 0 : 1;
  return pattern.isPrefix ? 3 : 2;
}
