import { hash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../test/support/cleanup.js';
import { connectRaw, request } from '../test/support/client.js';
import { buildConfig } from './config/loading/load-config.js';
import { Gateway } from './gateway.js';
import { GatewayModule } from './gateway.module.js';
import { LogDestination } from './logging/destination.js';
import { streamSink } from './logging/sink.js';

const free = { host: '127.0.0.1', port: 0 };

/** An application with a gateway in it, which has not been started. `log`: what the gateway has written. */
async function application(file: object) {
  const config = buildConfig({ listeners: [{ name: 'web', ...free }], admin: free, ...file });
  const lines = new PassThrough();
  let text = '';
  lines.on('data', (chunk: Buffer) => (text += String(chunk)));
  const module = await Test.createTestingModule({
    imports: [GatewayModule.forRoot({ config, logSink: streamSink(lines) })],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  closeLater(() => app.close());
  const log = async (): Promise<string> => {
    await app.get(LogDestination).flush();
    return text;
  };
  return { app, gateway: app.get(Gateway), log };
}

describe('the module of a gateway', () => {
  it('opens and closes the gateway with the application', async () => {
    const { app, gateway } = await application({ routes: [{ respond: {} }] });
    expect(gateway.listeners[0]!.port).toBeUndefined();
    await app.init();
    const { port } = gateway.listeners[0]!;
    expect((await request(port!)).status).toBe(200);
    await app.close();
    await expect(request(port!)).rejects.toThrow('ECONNREFUSED');
  });

  it('says that the gateway is not ready before it ends', async () => {
    const { app, gateway } = await application({ routes: [{ respond: {} }] });
    await app.init();
    const ready = async (): Promise<number> => (await fetch(`${gateway.adminUrl}/health/ready`)).status;
    expect(await ready()).toBe(200);
    // A connection from which a request may still come: the gateway waits a moment for it.
    const waiting = await connectRaw(gateway.listeners[0]!.port!);
    const closed = app.close();
    expect(await ready()).toBe(503);
    await Promise.all([closed, waiting.closed()]);
  });

  it('shows operators the routes and upstreams of its configuration', async () => {
    const { app, gateway } = await application({ upstreams: { shop: { backends: ['http://127.0.0.1:9'] } } });
    await app.init();
    const shown = async (path: string): Promise<string> => (await fetch(`${gateway.adminUrl}${path}`)).text();
    expect(JSON.parse(await shown('/upstreams'))).toMatchObject([{ name: 'shop', backends: [{ id: '127.0.0.1:9' }] }]);
    expect(await shown('/routes')).toContain('shop');
  });

  it('keeps API keys out of its log, also in a field of an unusual name', async () => {
    const sha256 = hash('sha256', 'a-key-of-alice');
    const keys = { header: 'x-shop-pass', keys: [{ id: 'alice', sha256 }] };
    const { app, gateway, log } = await application({
      logging: { level: 'debug' },
      security: { auth: { apiKey: keys } },
      routes: [{ respond: {} }],
    });
    await app.init();
    const headers = { 'X-Shop-Pass': 'a-key-of-alice', 'X-Other': 'seen' };
    expect((await request(gateway.listeners[0]!.port!, { headers })).status).toBe(200);
    await app.close();
    const text = await log();
    expect(text).toContain('"x-other":"seen"');
    expect(text).toContain('x-shop-pass');
    expect(text).not.toContain('a-key-of-alice');
  });
});
