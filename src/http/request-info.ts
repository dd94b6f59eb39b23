import type { IncomingHttpHeaders } from 'node:http';

/** What an exchange carries: a plain request, an event stream, or a tunnel. */
export type Protocol = 'http' | 'sse' | 'websocket';

/** The head of a request: all that a strategy or a policy may decide on, the same for the three protocols. */
export interface RequestInfo {
  /** The request id: the trusted proxy's, else made here. */
  readonly id: string;
  /** How the request came. */
  readonly protocol: Protocol;
  /** The method, as the client wrote it. */
  readonly method: string;
  /** The host the client asked for: lower case, without the port. */
  readonly host: string;
  /** The path as the client spelled it, without the query. */
  readonly path: string;
  /** The header fields by lower-case name. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The client's address, found through the trusted proxies. IPv4-mapped IPv6 addresses are written as IPv4. */
  readonly clientIp: string;
}
