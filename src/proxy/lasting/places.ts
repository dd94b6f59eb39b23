/** Places for what may be open at once. Whoever has taken one must leave exactly once. */
export class Places {
  /** Those that are taken. */
  open = 0;

  constructor(private readonly max: number) {}

  /** Takes a place if there is one. */
  tryEnter(): boolean {
    if (this.open >= this.max) return false;
    this.open++;
    return true;
  }

  /** Takes a place, also where there is none: for what cannot be refused any more. */
  enter(): void {
    this.open++;
  }

  leave(): void {
    this.open--;
  }
}
