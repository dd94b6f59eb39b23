import type { Http1Channel } from './client/http1-channel.js';
import type { Exchange } from './exchange.js';

/** Takes the exchanges that may switch their connection, or their stream of HTTP/2, to another protocol: WebSocket, or one that a route allows. */
export abstract class Upgrades {
  /** `channel`: the connection; undefined for a stream that an extended CONNECT has opened (RFC 8441). */
  abstract take(exchange: Exchange, protocol: string, channel?: Http1Channel): void;
}
