/** The facts of a listener that its exchanges need. */
export interface ListenerInfo {
  /** Label of logs and metrics; default: the port. */
  readonly name: string;
  /** The scheme that the client used. */
  readonly scheme: 'http' | 'https';
  /** Port that clients connect to; undefined for unix sockets. */
  readonly port: number | undefined;
  readonly unix: boolean;
  /** The listener is shutting down: answers end their connections. */
  readonly draining: boolean;
}
