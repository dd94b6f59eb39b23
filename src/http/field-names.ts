import { foldName, isUnusualName } from '../fields/fold-name.js';
import { RawHeaders } from '../fields/raw-headers.js';

/** The fields that `passes`, by their names in lower case and folded. */
export function fieldsWhere(headers: RawHeaders, passes: (lower: string, folded: string) => boolean): RawHeaders {
  const passed: RawHeaders = [];
  for (let i = 0; i < headers.length; i += 2) {
    const lower = headers[i]!.toLowerCase();
    if (passes(lower, foldName(lower))) passed.push(headers[i]!, headers[i + 1]!);
  }
  return passed;
}

/** Names of fields that are to be taken out, and what some servers take for the same: `X_User` goes with `X-User`. */
export class FieldNames {
  readonly #folded: ReadonlySet<string>;

  /** `exact`: the names in lower case. */
  constructor(private readonly exact: { readonly size: number; has(name: string): boolean; keys(): Iterable<string> }) {
    this.#folded = new Set([...exact.keys()].map(foldName));
  }

  /** In lower case. */
  get names(): Iterable<string> {
    return this.exact.keys();
  }

  get size(): number {
    return this.exact.size;
  }

  /** Takes them out of a head, in place. */
  removeFrom(headers: RawHeaders): void {
    RawHeaders.removeAll(headers, this);
  }

  hasFolded(folded: string): boolean {
    return this.#folded.has(folded);
  }

  /** Whether a name, in lower case, is one of them or looks like one. */
  has(lower: string): boolean {
    return this.exact.has(lower) || (isUnusualName(lower) && this.#folded.has(foldName(lower)));
  }
}
