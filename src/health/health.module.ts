import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';
import { UpstreamHealth } from './upstream-health.js';
import { UPSTREAM_STATES, type UpstreamStates } from './upstream-states.js';

/** What {@link HealthModule} reports on. */
export interface HealthSources {
  readonly readiness: Readiness;
  readonly upstreams: UpstreamStates;
}

/** The `/health` endpoints. Terminus does not log: a probe that asks each second would fill the log with one failure. */
@Module({})
export class HealthModule {
  static forRoot({ readiness, upstreams }: HealthSources): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: [
        UpstreamHealth,
        { provide: Readiness, useValue: readiness },
        { provide: UPSTREAM_STATES, useValue: upstreams },
      ],
    };
  }
}
