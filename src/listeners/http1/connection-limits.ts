/** Limits of a connection. Times in milliseconds, 0 = off. */
export interface ConnectionLimits {
  /** Until a request head must be whole. */
  readonly headerTimeout: number;
  /** Until a request must be whole. */
  readonly requestTimeout: number;
  /** For which a connection is kept unused. */
  readonly keepAliveTimeout: number;
  /** 0 = any number. */
  readonly requestsPerConnection: number;
}
