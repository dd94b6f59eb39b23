import { Global, Module } from '@nestjs/common';
import { ProxyModule } from '../proxy/proxy.module.js';
import { Upgrades } from '../proxy/upgrades.js';
import { SecurityModule } from '../security/security.module.js';
import { ClientUpgrades } from './client-upgrades.js';
import { TunnelGateway } from './tunnel.gateway.js';
import { Tunnels } from './tunnels.js';

/** WebSocket and other upgraded connections. Provides the handler of upgrades to the listeners. */
@Global()
@Module({
  imports: [ProxyModule, SecurityModule],
  providers: [TunnelGateway, Tunnels, { provide: Upgrades, useClass: ClientUpgrades }],
  exports: [TunnelGateway, Upgrades],
})
export class WebSocketModule {}
