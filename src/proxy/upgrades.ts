import type { Http1Channel } from './client/http1-channel.js';
import type { Exchange } from './exchange.js';

/** The connection of an exchange that may switch to another protocol. */
export type UpgradeChannel = Pick<Http1Channel, 'endWithAnswer' | 'endWithClient' | 'takeAhead'>;

/** Takes the exchanges that may switch their connection, or their stream of HTTP/2, to another protocol: WebSocket, or one that a route allows. */
export abstract class Upgrades {
  /** `channel`: the connection; undefined for a stream that an extended CONNECT has opened (RFC 8441). */
  abstract take(exchange: Exchange, protocol: string, channel?: UpgradeChannel): void;
}
