import { Module } from '@nestjs/common';
import { ProxyModule } from '../proxy/proxy.module.js';
import { TunnelGateway } from './tunnel.gateway.js';
import { Tunnels } from './tunnels.js';
import { UpgradeServer } from './upgrade-server.js';

/** WebSocket and other upgraded connections. */
@Module({
  imports: [ProxyModule],
  providers: [TunnelGateway, Tunnels, UpgradeServer],
  exports: [UpgradeServer],
})
export class WebSocketModule {}
