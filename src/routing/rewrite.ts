import { pathReadings } from '../http/path-readings.js';
import { routingPath } from '../http/path.js';
import { encodeControls, encodePath, encodeText } from './encoding.js';
import type { RequestPath } from './parameters.js';
import type { PathPattern } from './path-pattern.js';
import type { RewriteDefinition } from './route.js';
import { Template } from './template.js';

interface Step {
  /** The part at the beginning of the result that no client can change, without a slash at its end; undefined: the whole result. */
  readonly base: string | undefined;
  /** The rewritten path; undefined: this path is not rewritten. */
  apply(pattern: PathPattern, path: RequestPath): string | undefined;
}

/** A compiled `rewrite` of a route: changes the path, never the query. Immutable. */
export class Rewrite {
  readonly #step: Step;
  /** The ways in which servers may read the base. */
  readonly #bases: readonly string[] | undefined;

  /** Throws an Error when the definition is not well formed, or a template names a parameter that the route does not have. */
  constructor(definition: RewriteDefinition, patterns: readonly PathPattern[], caseSensitive = true) {
    if (definition.path !== undefined) this.#step = byTemplate(definition.path, patterns);
    else if (definition.replacePrefix !== undefined) this.#step = byPrefix(...definition.replacePrefix, caseSensitive);
    else this.#step = byPrefix(definition.stripPrefix ?? '/', '/', caseSensitive);
    const { base } = this.#step;
    if (base !== undefined) this.#bases = readingsOf(base)?.map(withoutTrailingSlash);
  }

  /**
   * The path for the backend. A prefix is taken off only at the boundary of a segment; a path without the prefix, and `*`, are
   * returned unchanged. The rest of the path keeps the client's spelling if it means the same after the new prefix; otherwise
   * (the prefix was spelled with escapes or dot segments) it is the encoded, normalised path. A rewritten path begins with one
   * slash; the result never has spaces or control characters.
   */
  apply(pattern: PathPattern, path: RequestPath): string {
    return path.routing === '*' ? path.raw : encodeControls(this.#step.apply(pattern, path) ?? path.raw);
  }

  /**
   * Whether some server could read the rewritten path as one outside the base that the rewrite puts in front: `/safe/..\admin`,
   * `/safe/..;/admin`, `/safe/..%5cadmin`. A path without such odd characters cannot leave the base.
   */
  isLeft(pattern: PathPattern, path: RequestPath): boolean {
    const { base } = this.#step;
    const result = path.routing === '*' || base === undefined ? undefined : this.#step.apply(pattern, path);
    if (result === undefined) return false;
    const bases = this.#bases;
    const readings = readingsOf(encodeControls(result));
    if (readings === undefined || bases === undefined || /^\/[/\\]/.test(result)) return true;
    return !readings.every(reading => bases.some(each => isBelow(reading, each)));
  }
}

/** The ways in which servers may read a path; undefined: there are too many. */
function readingsOf(path: string): readonly string[] | undefined {
  const readings = pathReadings(path);
  return readings === 'too-many' ? undefined : [routingPath(path), ...(readings?.others ?? [])];
}

function byTemplate(text: string, patterns: readonly PathPattern[]): Step {
  if (!text.startsWith('/')) throw new Error(`rewrite.path "${text}" must begin with /`);
  if (/[?#]/.test(text)) throw new Error(`rewrite.path "${text}" must not hold ? or #: the query stays as it is`);
  const template = new Template([{ text, in: 'path', encode: encodePath }], patterns);
  const parameter = text.search(/:[A-Za-z_]/);
  const base =
    parameter === -1 ? undefined : withoutTrailingSlash(encodePath(text.slice(0, text.lastIndexOf('/', parameter))));
  return { base, apply: (pattern, path) => singleLeadingSlash(template.fill(pattern, path)) };
}

function byPrefix(from: string, to: string, caseSensitive: boolean): Step {
  for (const prefix of [from, to]) {
    if (!prefix.startsWith('/')) throw new Error(`rewrite: prefix "${prefix}" must begin with /`);
    if (/[?#]/.test(prefix)) throw new Error(`rewrite: prefix "${prefix}" must not hold ? or #`);
  }
  const encodedFrom = withoutTrailingSlash(encodePath(from));
  const matched = withoutTrailingSlash(routingPath(encodedFrom));
  const replacement = withoutTrailingSlash(encodePath(to));
  return {
    base: replacement,
    apply: (_pattern, { raw, routing }) => {
      if (!isBelow(routing, matched, caseSensitive)) return undefined;
      const rest = routing.slice(matched.length);
      return singleLeadingSlash(`${replacement}${spelledRest(raw, encodedFrom, rest, caseSensitive)}`);
    },
  };
}

/** The path after the prefix in the client's spelling, if that means `rest`. */
function spelledRest(raw: string, prefix: string, rest: string, caseSensitive: boolean): string {
  if (isBelow(raw, prefix, caseSensitive)) {
    const spelled = raw.slice(prefix.length);
    if (spelled === rest || (rest !== '' && spelled !== '' && routingPath(spelled) === rest)) return spelled;
  }
  return encodeText(rest);
}

function isBelow(path: string, prefix: string, caseSensitive = true): boolean {
  const begins = caseSensitive
    ? path.startsWith(prefix)
    : path.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
  return begins && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f);
}

function withoutTrailingSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/** Leaves one slash at the beginning: backends that resolve a path as a reference would read `//x` as the host `x` (RFC 3986 §4.2). */
function singleLeadingSlash(path: string): string {
  return path.startsWith('//') || !path.startsWith('/') ? path.replace(/^\/*/, '/') : path;
}
