import { routingPath } from '../http/path.js';
import { encodeText, encodeWirePath } from './encoding.js';
import type { PathPattern } from './path-pattern.js';

/** The two spellings of the path of one request. */
export interface RequestPath {
  /** The path in the client's spelling, which is forwarded. */
  readonly raw: string;
  /** `routingPath` of it, which the route has matched. */
  readonly routing: string;
}

/**
 * The decoded value of a parameter of the pattern that matched: one segment, or for `rest` the text that `*` matched, without
 * its leading slash. Empty when the pattern has no such parameter.
 */
export function parameterValue(pattern: PathPattern, routing: string, name: string): string {
  const index = pattern.parameters.get(name);
  if (index === undefined) return '';
  return from(routing, index, name === 'rest' && pattern.isPrefix);
}

/**
 * A parameter in a spelling that is valid in a path: in the client's own spelling when that means the same (so `%2F` stays
 * `%2F`), otherwise encoded again. Contains only characters that a path may hold, and never begins with a slash.
 */
export function spelledParameter(pattern: PathPattern, path: RequestPath, name: string): string {
  const index = pattern.parameters.get(name);
  if (index === undefined) return '';
  const toEnd = name === 'rest' && pattern.isPrefix;
  const value = from(path.routing, index, toEnd);
  if (path.raw === path.routing) return encodeWirePath(value);
  const spelled = from(path.raw, index, toEnd).replace(/^\/+/, '');
  return routingPath(`/${spelled}`) === `/${value}` ? encodeWirePath(spelled) : encodeText(value);
}

/** The segment with that number, counted from 0, or everything from it on. */
function from(path: string, index: number, toEnd: boolean): string {
  let start = path.startsWith('/') ? 1 : path.length;
  for (let i = 0; i < index; i++) {
    const slash = path.indexOf('/', start);
    if (slash === -1) return '';
    start = slash + 1;
  }
  const end = toEnd ? -1 : path.indexOf('/', start);
  return path.slice(start, end === -1 ? path.length : end);
}
