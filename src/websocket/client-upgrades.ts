import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { Entrance } from '../proxy/entrance.js';
import type { Exchange } from '../proxy/exchange.js';
import { Exchanges } from '../proxy/exchanges.js';
import { Upgrades } from '../proxy/upgrades.js';
import { HeldConnection } from './held-connection.js';
import { Tunnels } from './tunnels.js';
import { UpgradeExchange } from './upgrade-exchange.js';

/** Opens an exchange for each request that may upgrade its connection, and sends it on the road of all exchanges. */
@Injectable()
export class ClientUpgrades extends Upgrades {
  constructor(
    private readonly exchanges: Exchanges,
    private readonly entrance: Entrance,
    private readonly tunnels: Tunnels,
  ) {
    super();
  }

  offer(request: IncomingMessage, listener: ListenerInfo): string | undefined {
    return this.exchanges.upgradeOf(request, listener);
  }

  take(request: IncomingMessage, socket: Socket, head: Buffer, listener: ListenerInfo): void {
    // 1
    const held = new HeldConnection(request, socket, head);
    const exchange = this.exchanges.begin(request, held.response, listener, false);
    if (exchange === undefined) return;
    // The offer was made by the same route, so the upgrade is found.
    this.#enter(exchange, exchange.plan!.upgrades.find(request.headers.upgrade)!, held);
  }

  takeStream(exchange: Exchange, protocol: string): void {
    this.#enter(exchange, protocol, undefined);
  }

  #enter(exchange: Exchange, protocol: string, held: HeldConnection | undefined): void {
    exchange.protocol = 'websocket';
    exchange.upgrade = new UpgradeExchange(exchange, protocol, held, this.tunnels);
    this.entrance.enter(exchange);
  }
}
