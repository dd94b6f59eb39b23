import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, type Type } from '@nestjs/common';
import { ConfigModule, ConfigService, type ConfigType } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import {
  buildConfig,
  ConfigError,
  Gateway,
  GatewayConfig,
  gatewayConfigFrom,
  GatewayModule,
  parseConfig,
} from '../../src/index.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { tempFolder } from '../support/temp.js';

const folder = await tempFolder();
const file = join(folder, 'gateway.yaml');
/** The variables of the application, in a file that ConfigModule reads. */
const envFile = join(folder, '.env');
const gatewayConfig = gatewayConfigFrom(() => file);

/** A service of the application that reads the configuration of the gateway, typed. */
@Injectable()
class Reader {
  readonly atStart: string;

  constructor(
    @Inject(gatewayConfig.KEY) config: ConfigType<typeof gatewayConfig>,
    private readonly settings: ConfigService<{ readonly gateway: GatewayConfig }, true>,
  ) {
    this.atStart = String(config.routes[0]?.respond?.body);
  }

  get inForce(): string {
    return String(this.settings.get('gateway', { infer: true }).routes[0]?.respond?.body);
  }
}

const saying = (body: string): string =>
  `listeners: [{ host: 127.0.0.1, port: 0 }]\nadmin: { port: 0 }\nlogging: { level: error }\nroutes: [{ respond: { body: "${body}" } }]\n`;

/** An application whose ConfigModule has the file, and a gateway that is made of it. */
async function startHost(text: string): Promise<{ get<T>(token: Type<T>): T }> {
  await writeFile(file, text);
  await writeFile(envFile, 'GATEHOUSE_TEST_GREETING=hello\n');
  closeLater(() => Reflect.deleteProperty(process.env, 'GATEHOUSE_TEST_GREETING'));
  const testing = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot({ envFilePath: envFile, isGlobal: true, load: [gatewayConfig] }),
      GatewayModule.forRootAsync({
        inject: [gatewayConfig.KEY],
        useFactory: (config: ConfigType<typeof gatewayConfig>) => ({ config }),
      }),
    ],
    providers: [Reader],
  }).compile();
  closeLater(() => testing.close());
  return testing.init();
}

describe('the configuration of a gateway in the ConfigService of an application', () => {
  it('is registered from its file as a namespace, which is injected and read with its type; `.env` has its variables', async () => {
    const host = await startHost(saying('${GATEHOUSE_TEST_GREETING}'));
    expect([host.get(Reader).atStart, host.get(Reader).inForce]).toEqual(['hello', 'hello']);
    const settings = host.get(ConfigService);
    expect(settings.get('gateway.listeners.0.host')).toBe('127.0.0.1');
    expect(settings.get('gateway')).toBeInstanceOf(GatewayConfig);
    const gateway = host.get(Gateway);
    expect((await request(gateway.listeners[0]!.port!)).text).toBe('hello');
  });

  it('is the one in force, also after a change, which the application is told of', async () => {
    const host = await startHost(saying('hello'));
    const { atStart } = host.get(Reader);
    const told: unknown[] = [];
    host.get(ConfigService).changes$.subscribe(({ path, newValue }) => told.push([path, newValue]));
    const gateway = host.get(Gateway);
    await gateway.apply(parseConfig(saying('goodbye')).config);
    expect([atStart, host.get(Reader).inForce, gateway.config.routes[0]?.respond?.body]).toEqual([
      'hello',
      'goodbye',
      'goodbye',
    ]);
    expect((await request(gateway.listeners[0]!.port!)).text).toBe('goodbye');
    expect(told).toEqual([[['gateway'], gateway.config]]);
    expect(process.env['gateway']).toBeUndefined();
  });

  it('follows a gateway that has its configuration from elsewhere as well', async () => {
    const plain = (body: string) => ({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      admin: { port: 0 },
      logging: { level: 'error' as const },
      routes: [{ respond: { body } }],
    });
    const imports = [GatewayModule.forRoot({ config: plain('hello') })];
    const testing = await Test.createTestingModule({ imports }).compile();
    closeLater(() => testing.close());
    const host = await testing.init();
    const read = (): unknown => host.get(ConfigService, { strict: false }).get('gateway.routes.0.respond.body');
    expect(read()).toBe('hello');
    await host.get(Gateway).apply(buildConfig(plain('goodbye')));
    expect(read()).toBe('goodbye');
  });

  it('stops the creation of the application where the file is wrong, with file, line and suggestion', async () => {
    const error = await startHost(`${saying('hello')}upstream: {}\nretrys: 1\n`).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message).toContain(`${file}:5:1`);
    expect(message).toMatch(/did you mean "upstreams"/);
  });
});
