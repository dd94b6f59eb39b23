import { Module, type DynamicModule, type InjectionToken } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import type { SpanCounts, TracingLog } from './trace-pipeline.js';
import { Tracing } from './tracing.js';

/** What traces need of other modules. */
interface TracingOptions {
  /** The version of the gateway. */
  readonly version: string;
  /** Token of who counts spans: {@link SpanCounts}. */
  readonly counts: InjectionToken;
  /** Token of the log: {@link TracingLog}. */
  readonly log: InjectionToken;
}

/** Offers {@link Tracing} to the whole application. Nothing of OpenTelemetry is registered globally: an SDK of the application is not touched. */
@Module({})
export class TracingModule {
  static forRoot({ counts, log, version }: TracingOptions): DynamicModule {
    return {
      module: TracingModule,
      global: true,
      providers: [
        {
          provide: Tracing,
          inject: [GATEWAY_CONFIG, counts, log, { token: THREAD, optional: true }],
          useFactory: (config: GatewayConfig, spans: SpanCounts, lines: TracingLog, thread?: Thread) =>
            Tracing.create(config, { counts: spans, log: lines, version, thread }),
        },
      ],
      exports: [Tracing],
    };
  }
}
