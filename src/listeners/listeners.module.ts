import { Module } from '@nestjs/common';
import { ProxyModule } from '../proxy/proxy.module.js';
import { SharedCountsModule } from '../shared-memory/shared-counts.js';
import { ClientErrors } from './client-errors.js';
import { Listeners } from './listeners.js';
import { TicketSecret } from './tls/ticket-secret.js';

/** The listeners for clients. Needs the global modules of configuration, log, metrics and upgrades. */
@Module({
  imports: [ProxyModule, SharedCountsModule],
  providers: [ClientErrors, Listeners, TicketSecret],
  exports: [Listeners, TicketSecret],
})
export class ListenersModule {}
