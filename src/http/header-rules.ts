import type { RawHeaders } from '../fields/raw-headers.js';
import { FieldNames } from './field-names.js';
import { fieldValueOf } from './field-value.js';

/** `headers.request` or `headers.response` of a route. Values are texts: they go out as UTF-8. */
interface HeaderRulesDefinition {
  readonly set?: ReadonlyMap<string, string>;
  readonly add?: ReadonlyMap<string, string>;
  readonly remove?: readonly string[];
}

/**
 * Header rules compiled once: first `remove`, then `set` (one value instead of all there were), then `add`. Look-alikes of the names
 * (`X_User` for `X-User`) are removed with them.
 */
export class HeaderRules {
  readonly #gone: FieldNames;
  readonly #added: RawHeaders = [];
  /** The value that `set` gives to Host, which keeps its place before all others (RFC 9110 §7.2). */
  readonly #host: string | undefined;

  private constructor({ set, add, remove }: HeaderRulesDefinition) {
    const gone = new Set(remove?.map(name => name.toLowerCase()));
    let host: string | undefined;
    for (const [name, value] of set ?? []) {
      gone.add(name.toLowerCase());
      if (name.toLowerCase() === 'host') host = fieldValueOf(value);
      else this.#added.push(name, fieldValueOf(value));
    }
    for (const [name, value] of add ?? []) this.#added.push(name, fieldValueOf(value));
    this.#gone = new FieldNames(gone);
    this.#host = host;
  }

  /** Undefined when the definition asks for nothing, so that the hot path has nothing to do. */
  static compile(definition: HeaderRulesDefinition | undefined): HeaderRules | undefined {
    if (definition === undefined) return undefined;
    const { set, add, remove } = definition;
    if ((set?.size ?? 0) + (add?.size ?? 0) + (remove?.length ?? 0) === 0) return undefined;
    return new HeaderRules(definition);
  }

  /** Applies the rules in place. */
  apply(headers: RawHeaders): void {
    if (this.#gone.size > 0) this.#gone.removeFrom(headers);
    if (this.#host !== undefined) headers.unshift('Host', this.#host);
    for (const entry of this.#added) headers.push(entry);
  }

  /** The fields that are added or set: name, value, name, value … */
  get added(): Readonly<RawHeaders> {
    return this.#host === undefined ? this.#added : ['Host', this.#host, ...this.#added];
  }

  /** The names, in lower case, of fields that are taken out, those that are set among them. */
  get gone(): readonly string[] {
    return [...this.#gone.names];
  }

  /** What is removed or set in a head is not to come back behind the body. `folded`: see `foldName`. */
  removes(folded: string): boolean {
    return this.#gone.hasFolded(folded);
  }
}
