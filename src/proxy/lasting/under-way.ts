/**
 * What an exchange waits for: an attempt, or a place in a queue. An object rather than a closure: V8 allocates function
 * literals that are assigned to a property in its old generation, where each keeps its whole exchange until a full collection.
 */
export interface UnderWay {
  /** Others wait for the place that its client holds by sending. Default: false. */
  readonly isPressed?: boolean;
  giveUp(): void;
}
