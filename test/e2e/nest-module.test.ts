import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type LoggerService, Module, type ModuleMetadata } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import {
  type Backend,
  type CircuitBreaker,
  circuitBreakerToken,
  Gateway,
  GATEWAY_CONFIG,
  GatewayModule,
  type GatewayConfigInput,
  type GatewayModuleOptions,
  type GatewayOptionsFactory,
  getGatewayToken,
  InjectCircuitBreaker,
  InjectGateway,
  type LoadBalancingStrategy,
  Strategy,
} from '../../src/index.js';
import { startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { tempFolder } from '../support/temp.js';

const loopback = { listeners: [{ host: '127.0.0.1', port: 0 }], admin: { port: 0 } };

async function start(
  metadata: ModuleMetadata,
  override: (building: TestingModuleBuilder) => TestingModuleBuilder = building => building,
  logger: LoggerService | false = false,
): Promise<NestFastifyApplication> {
  const testing = await override(Test.createTestingModule(metadata)).setLogger(quiet).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger });
  closeLater(() => app.close());
  await app.init();
  return app;
}

const quiet: LoggerService = { log: () => {}, warn: () => {}, error: () => {} };
const portOf = (gateway: Gateway): number => gateway.listeners[0]!.port!;
const ask = async (gateway: Gateway, path = '/'): Promise<string> => (await request(portOf(gateway), { path })).text;
const says = (body: string) => ({ ...loopback, routes: [{ respond: { body } }] });

@Injectable()
class Place {
  readonly options: GatewayModuleOptions = { config: says('from a class') };
}

@Injectable()
class Options implements GatewayOptionsFactory {
  constructor(private readonly place: Place) {}

  createGatewayOptions(): GatewayModuleOptions {
    return this.place.options;
  }
}

@Module({ providers: [Place, Options], exports: [Place, Options] })
class PlaceModule {}

describe('GatewayModule.forRoot', () => {
  it('takes a plain object, and a file with its environment', async () => {
    const plain = await start({ imports: [GatewayModule.forRoot({ config: says('plain') })] });
    expect(await ask(plain.get(Gateway))).toBe('plain');
    const file = join(await tempFolder(), 'gateway.yaml');
    await writeFile(file, JSON.stringify(says('${WORD}')));
    const env = { WORD: 'from the environment' };
    const read = await start({ imports: [GatewayModule.forRoot({ config: { file, env } })] });
    expect(await ask(read.get(Gateway))).toBe('from the environment');
  });

  it('says what is wrong in the configuration when the application is created, and not when its classes are read', async () => {
    const wrong = { ...loopback, rutes: [] } as GatewayConfigInput;
    const module = GatewayModule.forRoot({ config: wrong });
    await expect(start({ imports: [module] })).rejects.toThrow(/rutes.*did you mean "routes"/);
    const lost = GatewayModule.forRoot({ config: { file: '/nowhere.yaml' } });
    await expect(start({ imports: [lost] })).rejects.toThrow(/nowhere\.yaml/);
  });

  it('opens nothing of its own where it is told so', async () => {
    const options = { config: says('unheard'), listeners: false, admin: { listener: false } };
    const app = await start({ imports: [GatewayModule.forRoot(options)] });
    const gateway = app.get(Gateway);
    expect(gateway.listeners.map(({ port }) => port)).toEqual([undefined]);
    expect(() => gateway.adminUrl).toThrow();
  });

  it('is seen in every module of the application only when it is global', async () => {
    @Injectable()
    class Reader {
      constructor(readonly gateway: Gateway) {}
    }
    @Module({ providers: [Reader] })
    class Feature {}
    const module = (isGlobal: boolean) => GatewayModule.forRoot({ config: says(''), isGlobal });
    await expect(start({ imports: [Feature, module(false)] })).rejects.toThrow(/Reader/);
    const app = await start({ imports: [Feature, module(true)] });
    expect(app.get(Reader).gateway).toBe(app.get(Gateway));
  });

  it('hands its lines to the logger of the application, which stays that of the application', async () => {
    const told: unknown[][] = [];
    const logger = {
      log: (...given: unknown[]) => void told.push(given),
      warn: () => {},
      error: () => {},
    };
    const app = await start({ imports: [GatewayModule.forRoot({ config: says('x') })] }, undefined, logger);
    await ask(app.get(Gateway), '/seen');
    await app.close();
    const ours = told.filter(([, context]) => context === 'Gateway').map(([message]) => message);
    expect(ours).toContainEqual(expect.objectContaining({ msg: 'listening', listener: '0' }));
    expect(ours).toContainEqual(expect.objectContaining({ path: '/seen', status: 200 }));
  });
});

describe('GatewayModule.forRootAsync', () => {
  it('makes its options of the ConfigService of the application', async () => {
    const settings = ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ edge: says('of the service') })] });
    const app = await start({
      imports: [
        GatewayModule.forRootAsync({
          imports: [settings],
          inject: [ConfigService],
          useFactory: (service: ConfigService) => ({ config: service.getOrThrow<object>('edge') }),
        }),
      ],
    });
    expect(await ask(app.get(Gateway))).toBe('of the service');
    expect(app.get(GATEWAY_CONFIG, { strict: false })).toBe(app.get(Gateway).config);
  });

  it.each(['useClass', 'useExisting'] as const)('makes its options by %s', async way => {
    const app = await start({ imports: [GatewayModule.forRootAsync({ imports: [PlaceModule], [way]: Options })] });
    expect(await ask(app.get(Gateway))).toBe('from a class');
  });

  it('rejects the creation of the application with what is wrong', async () => {
    const wrong = GatewayModule.forRootAsync({ useFactory: async () => ({ config: { ...loopback, workerz: 1 } }) });
    await expect(start({ imports: [wrong] })).rejects.toThrow(/did you mean "workers"/);
    const failing = GatewayModule.forRootAsync({ useFactory: () => Promise.reject(new Error('no vault')) });
    await expect(start({ imports: [failing] })).rejects.toThrow('no vault');
  });

  it('has breakers injected that are known only later, and those of a test in their place', async () => {
    const [first, second] = [await startBackend(), await startBackend()];
    @Injectable()
    class Maintenance {
      constructor(@InjectCircuitBreaker('asked-for') readonly breaker: CircuitBreaker) {}
    }
    const module = (ids: string[]) =>
      GatewayModule.forRootAsync({
        useFactory: () => {
          const backends = [first, second].map(({ url }, index) => ({ url, id: ids[index] }));
          return { config: { ...loopback, upstreams: { app: { backends } } } };
        },
      });
    const app = await start({ imports: [module(['asked-for', 'other'])], providers: [Maintenance] });
    app.get(Maintenance).breaker.open();
    for (let i = 0; i < 3; i++) await ask(app.get(Gateway));
    expect([first.requests.length, second.requests.length]).toEqual([0, 3]);

    const entered: string[] = [];
    const fake = { state: 'closed', tryEnter: () => entered.push('fake'), settle: () => {}, begun: (t: number) => t };
    const faked = await start({ imports: [module(['one', 'replaced'])] }, building =>
      building.overrideProvider(circuitBreakerToken('app/replaced')).useValue(fake),
    );
    for (let i = 0; i < 2; i++) await ask(faked.get(Gateway));
    expect(entered).toEqual(['fake']);

    const none = start({ imports: [module(['a', 'b'])], providers: [Maintenance] });
    await expect(none).rejects.toThrow(/^Maintenance: no circuit breaker is named "asked-for".*known: app\/a, a,/);
  });
});

@Strategy('counted')
class Counted implements LoadBalancingStrategy {
  pick(candidates: readonly [Backend, ...Backend[]]): Backend {
    return candidates.at(-1)!;
  }
}

describe('several gateways in one application', () => {
  it('have each their own configuration, backends, metrics and listeners, and share what the application provides', async () => {
    const [first, second, third] = [await startBackend(), await startBackend(), await startBackend()];
    const to = (...urls: string[]) => ({
      config: { ...loopback, upstreams: { app: { strategy: 'counted', backends: urls } } },
    });
    @Injectable()
    class Fleet {
      constructor(
        @InjectGateway() readonly main: Gateway,
        @InjectGateway('internal') readonly internal: Gateway,
        @InjectGateway('later') readonly later: Gateway,
        @InjectCircuitBreaker(new URL(second.url).host, 'internal') readonly breaker: CircuitBreaker,
      ) {}
    }
    const app = await start({
      imports: [
        GatewayModule.forRoot(to(first.url)),
        GatewayModule.forRoot({ ...to(third.url, second.url), name: 'internal' }),
        GatewayModule.forRootAsync({ name: 'later', useFactory: () => ({ config: says('later') }) }),
      ],
      providers: [Fleet, Counted],
    });
    const { breaker, internal, later, main } = app.get(Fleet);
    expect([app.get(Gateway), app.get(getGatewayToken('internal'))]).toEqual([main, internal]);
    for (let i = 0; i < 3; i++) await ask(internal);
    await ask(main);
    expect([first, second, third].map(({ requests }) => requests.length)).toEqual([1, 3, 0]);
    expect(await ask(later)).toBe('later');

    const counted = async (gateway: Gateway): Promise<string | undefined> => {
      const text = (await request(Number(new URL(gateway.adminUrl).port), { path: '/metrics' })).text;
      return /^gatehouse_attempts_total\{.*outcome="success"\} (\d+)$/m.exec(text)?.[1];
    };
    expect([await counted(main), await counted(internal), await counted(later)]).toEqual(['1', '3', undefined]);

    breaker.open();
    await ask(internal);
    expect(third.requests).toHaveLength(1);
    const ports = [main, internal, later].map(portOf);
    await app.close();
    for (const port of ports) await expect(request(port, { path: '/' })).rejects.toThrow('ECONNREFUSED');
  });

  it('have overrides of a test in each of them', async () => {
    const registry = new Registry();
    const gateways = ['one', 'two'].map(name => GatewayModule.forRoot({ config: says(name), name }));
    const app = await start({ imports: [gateways[0]!] }, building =>
      building.overrideProvider(Registry).useValue(registry),
    );
    await ask(app.get(getGatewayToken('one')));
    expect(await registry.metrics()).toContain('gatehouse_requests_total');
  });

  it('need names of their own', async () => {
    const [first, second] = [says('a'), says('b')].map(config => GatewayModule.forRoot({ config, name: 'same' }));
    await expect(start({ imports: [first!, second!] })).rejects.toThrow(
      'this application has 2 gateways, two of them with the name "same": give each GatewayModule.forRoot a `name` of its own',
    );
    expect(() => GatewayModule.forRoot({ config: says(''), name: 'a b' })).toThrow(/^name: found "a b"/);
  });
});
