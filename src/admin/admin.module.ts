import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { HealthModule } from '../health/health.module.js';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';
import { MetricsController } from './metrics.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { RoutesController } from './routes.controller.js';
import { UpstreamsController } from './upstreams.controller.js';

/** The admin application's root module: health, metrics, routes and upstreams. It is never part of the application that serves traffic. */
@Module({})
export class AdminModule {
  static forGateway(sources: AdminSources): DynamicModule {
    return {
      module: AdminModule,
      // Global within the admin application, so that the Prometheus module's controller can have the sources injected.
      global: true,
      imports: [
        HealthModule.forRoot(sources),
        PrometheusModule.register({
          controller: MetricsController,
          path: '/metrics',
          defaultMetrics: { enabled: false },
        }),
      ],
      controllers: [RoutesController, UpstreamsController],
      providers: [
        { provide: ADMIN_SOURCES, useValue: sources },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [ADMIN_SOURCES],
    };
  }
}
