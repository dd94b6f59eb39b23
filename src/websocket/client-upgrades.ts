import { Injectable } from '@nestjs/common';
import { Entrance } from '../proxy/entrance.js';
import type { Exchange } from '../proxy/exchange.js';
import { type UpgradeChannel, Upgrades } from '../proxy/upgrades.js';
import { Tunnels } from './tunnels.js';
import { UpgradeExchange } from './upgrade-exchange.js';

/** Sends exchanges that may be upgraded on the road of all exchanges. */
@Injectable()
export class ClientUpgrades extends Upgrades {
  constructor(
    private readonly entrance: Entrance,
    private readonly tunnels: Tunnels,
  ) {
    super();
  }

  take(exchange: Exchange, protocol: string, channel?: UpgradeChannel): void {
    // What comes behind it is of the other protocol, and no request, whether or not the upgrade is made.
    channel?.endWithAnswer();
    channel?.endWithClient();
    exchange.protocol = 'websocket';
    exchange.upgrade = new UpgradeExchange(exchange, protocol, channel, this.tunnels);
    this.entrance.enter(exchange);
  }
}
