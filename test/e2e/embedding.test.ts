import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import {
  buildConfig,
  Gateway,
  GatewayModule,
  Strategy,
  type Backend,
  type LoadBalancingStrategy,
} from '../../src/index.js';
import { streamSink } from '../../src/logging/sink.js';
import { PassThrough } from 'node:stream';
import { startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';

@Injectable()
class Favourite {
  readonly index = 1;
}

@Strategy('favourite')
class FavouriteFirst implements LoadBalancingStrategy {
  constructor(private readonly favourite: Favourite) {}

  pick(candidates: readonly [Backend, ...Backend[]]): Backend {
    return candidates[this.favourite.index] ?? candidates[0];
  }
}

@Module({ providers: [Favourite, FavouriteFirst] })
class Strategies {}

@Controller()
class Own {
  @Get('hello')
  hello(): string {
    return 'from the application';
  }
}

describe('a gateway inside an application of one’s own', () => {
  it('listens with it, uses its strategies, leaves its routes alone, and ends with it', async () => {
    const [first, second] = [await startBackend(), await startBackend()];
    const config = buildConfig({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      admin: { port: 0 },
      upstreams: { app: { strategy: 'favourite', backends: [first.url, second.url] } },
    });
    const sink = streamSink(new PassThrough().resume());
    const testing = await Test.createTestingModule({
      imports: [GatewayModule.forRoot({ config, imports: [Strategies], logSink: sink })],
      controllers: [Own],
    }).compile();
    const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    closeLater(() => app.close());
    await app.listen(0, '127.0.0.1');
    const own = Number(new URL(await app.getUrl()).port);
    const { port } = app.get(Gateway).listeners[0]!;

    expect((await request(own, { path: '/hello' })).body.toString()).toBe('from the application');
    expect((await request(own, { path: '/open' })).status).toBe(404);
    for (let i = 0; i < 3; i++) expect((await request(port!, { path: '/x' })).status).toBe(200);
    expect([first.requests.length, second.requests.length]).toEqual([0, 3]);

    await app.close();
    await expect(request(port!, { path: '/x' })).rejects.toThrow(/ECONNREFUSED/);
  });
});
