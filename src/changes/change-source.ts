/** What changes, and tells of it: base class of what others keep something of, which they must renew. */
export abstract class ChangeSource {
  readonly #listeners: (() => void)[] = [];

  /** Calls `listener` after each change from now on, behind the listeners that were there before. There is no way to stop that. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Call when the change is made: listeners see the new state. */
  protected changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
