import { Module } from '@nestjs/common';
import { HealthChecksModule } from '../health/health-checks.module.js';
import { ListenersModule } from '../listeners/listeners.module.js';
import { ProxyModule } from '../proxy/proxy.module.js';
import { SecurityModule } from '../security/security.module.js';
import { BackendControlModule } from '../upstream/control/backend-control.module.js';
import { BackendDiscoveryModule } from '../upstream/discovery/discovery.module.js';
import { ConfigSource } from './config-source.js';
import { LiveConfig } from './live-config.js';
import { LiveLogging } from './live-logging.js';
import { LogFiles } from './log-files.js';
import { ServedConfig } from './served-config.js';
import { Succession } from './succession.js';

/** The configuration in force, and how it changes. Needs the global modules of configuration, log, metrics, breakers and streams. */
@Module({
  imports: [
    BackendControlModule,
    BackendDiscoveryModule,
    HealthChecksModule,
    ListenersModule,
    ProxyModule,
    SecurityModule,
  ],
  providers: [ConfigSource, LiveConfig, LiveLogging, LogFiles, ServedConfig, Succession],
  exports: [ConfigSource, LiveConfig, LogFiles, Succession],
})
export class LiveConfigModule {}
