import { shownValue } from '../config/language/kinds/value-match.js';
import { fieldValueOf } from '../http/field-value.js';
import type { MatchDefinition, RouteQuery, ValueMatch } from './route.js';
import { queryValues } from './query-values.js';

type NamedMatch = readonly [name: string, match: ValueMatch];

/** The conditions of a route besides host and path: method, headers, query. All must hold. Immutable. */
export class Conditions {
  readonly methods: readonly string[];
  readonly headers: readonly NamedMatch[];
  readonly query: readonly NamedMatch[];
  readonly #none: boolean;

  constructor(match: Pick<MatchDefinition, 'methods' | 'headers' | 'query'>) {
    this.methods = match.methods;
    this.headers = [...match.headers];
    this.query = [...match.query];
    this.#none = this.methods.length + this.headers.length + this.query.length === 0;
  }

  /**
   * Whether a request meets them. A header that was sent several times is compared in the form in which Node joins it, with `,
   * `. When a query parameter was sent several times, one of its values must meet the condition.
   */
  hold(request: RouteQuery): boolean {
    return this.#none || this.#failing(request) === undefined;
  }

  /** The first of them that a request does not meet, in the words of {@link describe}; undefined: it meets all. */
  failing(request: RouteQuery): string | undefined {
    const failing = this.#failing(request);
    if (failing === undefined) return undefined;
    if (failing === this.methods) return `method ${this.methods.join(', ')}`;
    const [name, match] = failing as NamedMatch;
    return `${this.headers.includes(failing as NamedMatch) ? 'header' : 'query'} ${name} ${describeMatch(name, match)}`;
  }

  #failing(request: RouteQuery): readonly string[] | NamedMatch | undefined {
    if (this.methods.length > 0 && !this.methods.includes(request.method)) return this.methods;
    for (const each of this.headers) {
      const [name, match] = each;
      if (!holds(match, headerValues(request, name)) && !holdsAsBytes(match, request.headers[name])) return each;
    }
    for (const each of this.query) {
      const [name, match] = each;
      if (!holds(match, queryValues(request.query, name))) return each;
    }
    return undefined;
  }

  /**
   * Whether these conditions hold for every request for which `other` holds. The answer may be a false "no" (two patterns are
   * compared by their text only), never a false "yes".
   */
  include(other: Conditions): boolean {
    const coversMethods =
      this.methods.length === 0 ||
      (other.methods.length > 0 && other.methods.every(method => this.methods.includes(method)));
    return coversMethods && includesAll(this.headers, other.headers) && includesAll(this.query, other.query);
  }

  /** One short text for each header and query condition: `header x-beta = "1"`. Secrets are masked as in a printed configuration. */
  describe(): string[] {
    return [
      ...this.headers.map(([name, match]) => `header ${name} ${describeMatch(name, match)}`),
      ...this.query.map(([name, match]) => `query ${name} ${describeMatch(name, match)}`),
    ];
  }
}

/** Negative when `a` is more specific: methods given, then more header conditions, then more query conditions. */
export function compareConditions(a: Conditions, b: Conditions): number {
  return (
    Number(b.methods.length > 0) - Number(a.methods.length > 0) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length
  );
}

/** Whether a value is the exact text in UTF-8, which most clients write, although Node reads the bytes as Latin-1. */
function holdsAsBytes(match: ValueMatch, value: unknown): boolean {
  return match.kind === 'exact' && value === fieldValueOf(match.value);
}

const NO_VALUES: readonly string[] = [];

function headerValues(request: RouteQuery, name: string): string | readonly string[] {
  const value = request.headers[name];
  // A header named `constructor` must not find the property that every object inherits.
  return typeof value === 'string' || Array.isArray(value) ? value : NO_VALUES;
}

function holds(match: ValueMatch, values: string | readonly string[]): boolean {
  if (typeof values === 'string') return holdsFor(match, values);
  if (match.kind === 'present') return match.present === values.length > 0;
  return values.some(value => holdsFor(match, value));
}

function holdsFor(match: ValueMatch, value: string): boolean {
  if (match.kind === 'exact') return value === match.value;
  return match.kind === 'pattern' ? match.pattern.test(value) : match.present;
}

function includesAll(wide: readonly NamedMatch[], narrow: readonly NamedMatch[]): boolean {
  return wide.every(([name, match]) =>
    narrow.some(([other, condition]) => other === name && includesOne(match, condition)),
  );
}

function includesOne(wide: ValueMatch, narrow: ValueMatch): boolean {
  if (wide.kind === 'present') return narrow.kind === 'present' ? wide.present === narrow.present : wide.present;
  if (narrow.kind === 'exact') return holdsFor(wide, narrow.value);
  return wide.kind === 'pattern' && narrow.kind === 'pattern' && String(wide.pattern) === String(narrow.pattern);
}

function describeMatch(name: string, match: ValueMatch): string {
  if (match.kind === 'exact') return `= ${JSON.stringify(shownValue(name, match.value))}`;
  return match.kind === 'pattern' ? `~ ${String(match.pattern)}` : match.present ? 'present' : 'absent';
}
