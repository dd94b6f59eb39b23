import { RawHeaders } from '../fields/raw-headers.js';
import type { Exchange } from '../proxy/exchange.js';
import type { UnderWay } from '../proxy/lasting/under-way.js';
import type { TunnelEnds, TunnelOver, Upgrade } from '../proxy/lasting/upgrade.js';
import type { UpgradeChannel } from '../proxy/upgrades.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { acceptOf, newKey } from './handshake.js';
import type { Tunnel } from './tunnel.js';

/** Opens the tunnel of an exchange. */
export interface TunnelOpener {
  open(exchange: Exchange, backend: LiveBackend, ends: TunnelEnds, over: TunnelOver): Tunnel;
}

const noBytes = Buffer.alloc(0);

/** An upgrade that a client asks for, over HTTP/1.1, or over a stream of HTTP/2 (RFC 8441). */
export class UpgradeExchange implements Upgrade {
  #tunnel: Tunnel | undefined;
  #key: string | undefined;

  constructor(
    private readonly exchange: Exchange,
    readonly protocol: string,
    /** The client's connection; undefined on HTTP/2. */
    private readonly channel: UpgradeChannel | undefined,
    private readonly opener: TunnelOpener,
  ) {}

  get isWebSocket(): boolean {
    return this.protocol.toLowerCase() === 'websocket';
  }

  get bytesIn(): number {
    return this.#tunnel?.fromClient.bytes ?? 0;
  }

  get bytesOut(): number {
    return this.#tunnel?.fromBackend.bytes ?? 0;
  }

  /** Sets the key that the backend must answer: the client's, or our own when the protocol of the client has none. */
  prove(): void {
    if (!this.isWebSocket) return;
    this.#key = this.exchange.headers['sec-websocket-key'];
    if (this.channel !== undefined) return;
    this.#key = newKey();
    this.exchange.setRequestHeader('Sec-WebSocket-Key', this.#key);
  }

  firstBytes(): Buffer {
    return this.channel?.takeAhead() ?? noBytes;
  }

  fault(fields: readonly string[]): string | undefined {
    if (this.#key === undefined) return undefined;
    return RawHeaders.get(fields, 'sec-websocket-accept')?.trim() === acceptOf(this.#key)
      ? undefined
      : 'Sec-WebSocket-Accept does not answer the key';
  }

  carry(backend: LiveBackend, ends: TunnelEnds, over: TunnelOver): UnderWay {
    return (this.#tunnel = this.opener.open(this.exchange, backend, ends, over));
  }
}
