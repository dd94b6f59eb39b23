import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { UpstreamModule } from '../upstream.module.js';
import { Discoveries } from './discoveries.js';
import { DiscoveryMonitor } from './discovery-monitor.js';
import { DnsDiscovery } from './dns/dns-discovery.js';
import { FileDiscovery } from './file/file-discovery.js';

/**
 * How backends are found: the built-in discoveries, and {@link DiscoveryMonitor}. Needs the configuration, the log and the metrics in global
 * modules. Nothing is looked for before {@link DiscoveryMonitor.start}.
 */
@Module({
  imports: [DiscoveryModule, UpstreamModule],
  providers: [DnsDiscovery, FileDiscovery, Discoveries, DiscoveryMonitor],
  exports: [DiscoveryMonitor],
})
export class BackendDiscoveryModule {}
