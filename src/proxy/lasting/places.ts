/** Counts event streams or tunnels that are open at once, up to `max`. A caller that takes a place must leave exactly once, or the place is lost. */
export class Places {
  /** Places that are taken. */
  open = 0;

  constructor(public max: number) {}

  /** Whether {@link tryEnter} would find a place now. */
  get hasRoom(): boolean {
    return this.open < this.max;
  }

  /** Takes a place if there is one. */
  tryEnter(): boolean {
    if (this.open >= this.max) return false;
    this.open++;
    return true;
  }

  /** Takes a place even when all are taken: for a stream that can no longer be refused. */
  enter(): void {
    this.open++;
  }

  leave(): void {
    this.open--;
  }
}
