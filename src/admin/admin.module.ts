import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { HealthModule } from '../health/health.module.js';
import { AdminServer } from './admin-server.js';
import { ADMIN_SOURCES, ADMIN_TOKEN, type AdminSources } from './admin-sources.js';
import { BackendsController } from './backends.controller.js';
import { ExplainController, ExplanationsController } from './explain.controller.js';
import { HandoverController } from './handover.controller.js';
import { MetricsController } from './metrics.controller.js';
import { ReloadController } from './reload.controller.js';
import { RoutesController } from './routes.controller.js';
import { FeedsController } from './feeds/feeds.controller.js';
import { LiveFeed } from './feeds/live-feed.js';
import { TailFeed } from './feeds/tail-feed.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { LiveViews } from './live/live-views.js';
import { StatusController } from './status.controller.js';
import { UpstreamsController } from './upstreams.controller.js';

/** How the admin side is made: its sources from providers of other modules. */
interface AdminOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  readonly useFactory: (...injected: never[]) => AdminSources;
}

@Module({})
class AdminSourcesModule {}

/**
 * The operator's side: health, metrics, routes and upstreams, served by {@link AdminServer} on a listener of its own. The
 * controllers are declared as providers, so that no route of the application around the gateway leads to them.
 */
@Module({})
export class AdminModule {
  static forRoot({ imports = [], inject, useFactory }: AdminOptions): DynamicModule {
    const sources: DynamicModule = {
      module: AdminSourcesModule,
      imports,
      providers: [{ provide: ADMIN_SOURCES, inject, useFactory } as FactoryProvider],
      exports: [ADMIN_SOURCES],
    };
    return {
      module: AdminModule,
      imports: [
        sources,
        HealthModule.unrouted({ imports: [sources], inject: [ADMIN_SOURCES], useFactory: (all: AdminSources) => all }),
      ],
      providers: [
        { provide: ADMIN_TOKEN, inject: [ADMIN_SOURCES], useFactory: ({ token }: AdminSources) => token },
        MetricsController,
        HandoverController,
        ReloadController,
        LiveViews,
        LiveFeed,
        TailFeed,
        FeedsController,
        OpenApiController,
        RoutesController,
        StatusController,
        UpstreamsController,
        BackendsController,
        ExplainController,
        ExplanationsController,
        AdminServer,
      ],
      exports: [AdminServer],
    };
  }
}
