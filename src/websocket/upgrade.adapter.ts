import type { WebSocketAdapter } from '@nestjs/common';
import type { Exchange } from '../proxy/exchange.js';
import type { UpgradeServer } from './upgrade-server.js';

/**
 * Nest's seam for WebSocket servers, for a proxy: clients come from the gateway's own listeners, and their messages pass through
 * tunnels, so that there are none to handle here.
 */
export class UpgradeAdapter implements WebSocketAdapter<UpgradeServer, Exchange> {
  constructor(private readonly server: UpgradeServer) {}

  create(): UpgradeServer {
    return this.server;
  }

  bindClientConnect(server: UpgradeServer, connected: (client: Exchange) => void): void {
    server.on('connection', connected);
  }

  bindMessageHandlers(): void {}

  close(server: UpgradeServer): void {
    server.removeAllListeners();
  }

  /** Nest calls it when the application ends. */
  dispose(): void {}
}
