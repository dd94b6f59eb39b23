/** Who sends a request. */
export interface Client {
  /** Its address, found through the trusted proxies; `unix` on unix sockets, `unknown` when it cannot be known. */
  readonly ip: string;
  /** Address of the other end of the connection; `unix` on unix sockets, undefined when the connection is gone. */
  readonly peer: string | undefined;
  /** The peer is one of `trustedProxies`. */
  readonly peerTrusted: boolean;
}
