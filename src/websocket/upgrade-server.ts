import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { Exchange } from '../proxy/exchange.js';
import { Exchanges } from '../proxy/exchanges.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { HeldConnection } from './held-connection.js';
import { Tunnels } from './tunnels.js';
import { UpgradeExchange } from './upgrade-exchange.js';

/**
 * The server, as Nest calls it, that WebSocket clients connect to: the listeners hand it each request whose connection may be
 * upgraded, and it opens the exchange. Emits `connection` with the exchange, which is the client for Nest.
 */
@Injectable()
export class UpgradeServer extends EventEmitter<{ connection: [Exchange] }> {
  constructor(
    private readonly exchanges: Exchanges,
    private readonly tunnels: Tunnels,
  ) {
    super();
  }

  /** The protocol that a request's connection may be switched to; undefined: it is to be answered without an upgrade. */
  offer(request: IncomingMessage): string | undefined {
    return this.exchanges.upgradeOf(request);
  }

  /** Takes a request that {@link offer} has said yes to, with its connection and what came behind the head. */
  take(request: IncomingMessage, socket: Socket, head: Buffer, listener: ListenerInfo): void {
    const held = new HeldConnection(request, socket, head);
    const exchange = this.exchanges.begin(request, held.response, listener, false);
    if (exchange === undefined) return;
    // The route that the offer was found by.
    this.#begin(exchange, exchange.plan!.upgrades.find(request.headers.upgrade)!, held);
  }

  /** The same for an exchange that an extended CONNECT has begun (RFC 8441). */
  takeStream(exchange: Exchange, protocol: string): void {
    this.#begin(exchange, protocol, undefined);
  }

  #begin(exchange: Exchange, protocol: string, held: HeldConnection | undefined): void {
    exchange.protocol = 'websocket';
    exchange.upgrade = new UpgradeExchange(protocol, held, this.tunnels);
    this.emit('connection', exchange);
  }
}
