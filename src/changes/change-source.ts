/** What changes, and tells of it: base class of what others keep something of, which they must renew. */
export abstract class ChangeSource {
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change from now on, behind the listeners that were there before. Returns a function that stops that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Call when the change is made: listeners see the new state. */
  protected changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
