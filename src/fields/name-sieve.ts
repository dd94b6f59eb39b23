/** Names of 64 characters or more share a place. */
const longest = 63;

/** Tells most field names from those that it knows, by first letter and length: cheaper than a name in lower case and a look into a set. */
export class NameSieve {
  readonly #places = new Uint8Array(32 * (longest + 1));

  constructor(names: Iterable<string>) {
    for (const name of names) this.#places[placeOf(name)] = 1;
  }

  /** From now on it may be every name that begins with that letter. */
  addAllOf(letter: string): void {
    const first = (letter.charCodeAt(0) & 31) * (longest + 1);
    this.#places.fill(1, first, first + longest + 1);
  }

  /** False: the name, in any case, is none of them. True for all of them, and for a few others. */
  mayHave(name: string): boolean {
    return this.#places[placeOf(name)] === 1;
  }
}

/** Letters differ in their last five bits, in either case; other first characters share places with them. */
function placeOf(name: string): number {
  const { length } = name;
  return (name.charCodeAt(0) & 31) * (longest + 1) + (length > longest ? longest : length);
}
