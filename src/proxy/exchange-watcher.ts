/** Waits for the end of an exchange. */
export interface ExchangeWatcher {
  /** Resolves when the exchange is over. */
  readonly over: Promise<void>;
  /** The exchange is over. Called once. */
  close(): void;
}
