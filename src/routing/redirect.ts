import { maskUrl } from '../config/language/kinds/url.js';
import { encodePath, encodeQuery, encodeWireQuery } from './encoding.js';
import type { RequestPath } from './parameters.js';
import type { PathPattern } from './path-pattern.js';
import { Template } from './template.js';

const DESTINATION = /^((?:https?:)?\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/is;
const ORIGIN = /^(?:https?:)?\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9\-._~]+)(?::\d+)?$/i;

/** A compiled `redirect.to` of a route. Immutable. */
export class Redirect {
  readonly #origin: string;
  readonly #path: Template;
  readonly #query: Template | undefined;
  readonly #fragment: Template;

  /**
   * Takes `https://new.example/:rest` or `/new/:rest`. Throws an Error when `to` is neither, when its host has a parameter (a
   * link could then send clients to any host), or when the route has no such parameter.
   */
  constructor(to: string, patterns: readonly PathPattern[]) {
    const [, origin = '', path = '', query, fragment = ''] = DESTINATION.exec(to) ?? [];
    if (origin !== '' && !ORIGIN.test(origin)) {
      throw new Error(`redirect "${maskUrl(to)}": the host must be a plain host name, without parameters`);
    }
    if (path === '' ? origin === '' : !path.startsWith('/'))
      throw new Error(`redirect "${maskUrl(to)}" must begin with http://, https:// or /`);
    this.#origin = origin;
    this.#path = new Template([{ text: path === '' ? '/' : path, in: 'path', encode: encodePath }], patterns);
    this.#query =
      query === undefined ? undefined : new Template([{ text: query, in: 'query', encode: encodeQuery }], patterns);
    this.#fragment = new Template([{ text: fragment, in: 'query', encode: encodeFragment }], patterns);
  }

  /**
   * The value of the Location field. Parameters are encoded; the request's query (without its `?`) is appended unless the
   * template has one of its own. The value is printable ASCII, and a template without a host never gives a value with one
   * (`//evil.example` in the path).
   */
  location(pattern: PathPattern, path: RequestPath, query: string | undefined): string {
    const filled = this.#path.fill(pattern, path).replace(/^\/{2,}/, '/');
    const own =
      this.#query?.fill(pattern, path) ?? (query === undefined || query === '' ? '' : `?${encodeWireQuery(query)}`);
    return this.#origin + filled + own + this.#fragment.fill(pattern, path);
  }
}

function encodeFragment(text: string): string {
  return text.startsWith('#') ? `#${encodeQuery(text.slice(1))}` : encodeQuery(text);
}
