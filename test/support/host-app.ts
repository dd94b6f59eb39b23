import { PassThrough } from 'node:stream';
import type { DynamicModule, INestApplication, ModuleMetadata, NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { buildConfig, GatewayModule } from '../../src/index.js';
import { streamSink } from '../../src/logging/sink.js';
import { closeLater } from './cleanup.js';

/** The HTTP platforms of Nest that a host may stand on; both believe what a proxy on 127.0.0.1 says of clients. */
export const platforms = ['Express', 'Fastify'] as const;

export type Platform = (typeof platforms)[number];

/** The names of {@link adapters}. */
type AnyPlatform = Platform | 'Fastify over HTTP/2';

const adapters = {
  Express: (): ExpressAdapter => {
    const adapter = new ExpressAdapter();
    (adapter.getInstance() as { set(name: string, value: unknown): void }).set('trust proxy', '127.0.0.1');
    return adapter;
  },
  // Nest's own names for the options of HTTPS are read by Express alone.
  Fastify: ({ httpsOptions }: NestApplicationOptions): FastifyAdapter =>
    new FastifyAdapter({
      trustProxy: '127.0.0.1',
      ...(httpsOptions !== undefined && { https: { key: httpsOptions.key!, cert: httpsOptions.cert! } }),
    }),
  'Fastify over HTTP/2': (): FastifyAdapter => new FastifyAdapter({ http2: true }),
};

/** An application of a user that listens on its own port. */
export interface HostApp {
  readonly app: INestApplication;
  readonly port: number;
}

/** Starts an application of a user. `prepare`: what its `main.ts` would do before it listens. */
export async function startHostApp(
  platform: AnyPlatform,
  metadata: ModuleMetadata,
  options: NestApplicationOptions = {},
  prepare: (app: INestApplication) => void = () => {},
): Promise<HostApp> {
  const testing = await Test.createTestingModule(metadata).compile();
  const app = testing.createNestApplication(adapters[platform](options), { logger: false, ...options });
  prepare(app);
  closeLater(() => app.close());
  await app.listen(0, '127.0.0.1');
  const port = Number(new URL(await app.getUrl()).port);
  return { app, port };
}

/** The gateway's module, for a configuration with free ports on loopback. */
export function hostedGateway(plain: object = {}): DynamicModule {
  const config = buildConfig({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    admin: { port: 0 },
    routes: [{ respond: {} }],
    ...plain,
  });
  return GatewayModule.forRoot({ config, logSink: streamSink(new PassThrough().resume()) });
}
