/** A text that the browser keeps for this page. Where it may not, the text lasts as long as the page. */
export class Kept {
  #value: string | undefined;

  /** `storage`: that of the tab, or of the browser. */
  constructor(
    private readonly storage: 'localStorage' | 'sessionStorage',
    private readonly name: string,
  ) {
    try {
      this.#value = window[storage].getItem(name) ?? undefined;
    } catch {
      // Not allowed: as if there were nothing.
    }
  }

  get value(): string | undefined {
    return this.#value;
  }

  set value(value: string | undefined) {
    this.#value = value;
    try {
      if (value === undefined) window[this.storage].removeItem(this.name);
      else window[this.storage].setItem(this.name, value);
    } catch {
      // Not allowed, or full.
    }
  }
}
