/** A regular expression that matches no text that is longer than it may be tried on. */
export class BoundedExpression extends RegExp {
  constructor(
    source: string,
    /** In characters. */
    readonly longest: number,
  ) {
    super(source);
  }

  override test(text: string): boolean {
    return text.length <= this.longest && super.test(text);
  }
}
