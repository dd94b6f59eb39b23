/** What an exchange wants to know of the listener that took it. */
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
