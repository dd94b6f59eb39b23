import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { CONFIG_REFUSAL, HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';
import { terminus } from './terminus.js';
import { UpstreamHealth } from './upstream-health.js';
import { UPSTREAM_STATES, type UpstreamStates } from './upstream-states.js';

/** What {@link HealthModule} reports on. */
interface HealthSources {
  readonly readiness: Readiness;
  /** Why the configuration that was asked for last is not in force; undefined: it is. */
  readonly configRefusal: () => string | undefined;
  readonly upstreams: UpstreamStates;
}

/** How the sources are made from providers of other modules. */
interface HealthSourcesFactory extends Pick<ModuleMetadata, 'imports'> {
  readonly inject: NonNullable<FactoryProvider['inject']>;
  readonly useFactory: (...injected: never[]) => HealthSources;
}

/** Token of the {@link HealthSources}. */
const HEALTH_SOURCES = Symbol('HEALTH_SOURCES');

/** The `/health` endpoints. */
@Module({})
export class HealthModule {
  /** The controller is declared as a provider, so that the application's router does not serve it: the admin listener does. */
  static unrouted({ imports = [], ...sources }: HealthSourcesFactory): DynamicModule {
    const { modules, providers } = terminus();
    return {
      module: HealthModule,
      imports: [...modules, ...imports],
      providers: [
        ...providers,
        { provide: HEALTH_SOURCES, ...sources } as FactoryProvider,
        UpstreamHealth,
        { provide: Readiness, inject: [HEALTH_SOURCES], useFactory: ({ readiness }: HealthSources) => readiness },
        { provide: UPSTREAM_STATES, inject: [HEALTH_SOURCES], useFactory: ({ upstreams }: HealthSources) => upstreams },
        {
          provide: CONFIG_REFUSAL,
          inject: [HEALTH_SOURCES],
          useFactory: ({ configRefusal }: HealthSources) => configRefusal,
        },
        HealthController,
      ],
      exports: [HealthController],
    };
  }
}
