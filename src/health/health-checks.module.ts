import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { UpstreamModule } from '../upstream/upstream.module.js';
import { HealthMonitor } from './health-monitor.js';
import { HttpProbe } from './http-probe.js';
import { RandomModule } from '../random/random.module.js';
import { Probes } from './probes.js';
import { Readiness } from './readiness.js';
import { TcpProbe } from './tcp-probe.js';

/**
 * Active health checks: the built-in probes, and {@link HealthMonitor}, which starts and ends with the application; and the gateway's own
 * {@link Readiness}. Needs the configuration, the log and the metrics in global modules.
 */
@Module({
  imports: [DiscoveryModule, RandomModule, UpstreamModule],
  providers: [HttpProbe, TcpProbe, Probes, HealthMonitor, Readiness],
  exports: [HealthMonitor, Readiness],
})
export class HealthChecksModule {}
