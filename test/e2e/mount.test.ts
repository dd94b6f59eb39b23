import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { Body, Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Gateway, type GatewayConfigInput, GatewayModule } from '../../src/index.js';
import { streamSink } from '../../src/logging/sink.js';
import { startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { rawRequest, request, type RequestOptions, type Response } from '../support/client.js';
import { type Platform, platforms, startHostApp } from '../support/host-app.js';

@Controller()
class Own {
  @Get('api/own')
  own(): string {
    return 'own';
  }

  @Post('api/own/parsed')
  parsed(@Body() body: unknown): unknown {
    return { parsed: body };
  }

  @Get('api/kept/own')
  kept(): string {
    return 'kept';
  }
}

@WebSocketGateway({ path: '/api/chat' })
class Chat {
  @SubscribeMessage('ask')
  ask(): { event: string; data: string } {
    return { event: 'said', data: 'own' };
  }
}

const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
  let length = 0;
  const hash = createHash('sha256');
  for await (const chunk of incoming) {
    length += (chunk as Buffer).length;
    hash.update(chunk as Buffer);
  }
  response.end(
    JSON.stringify({ method: incoming.method, url: incoming.url, length, client: incoming.headers['x-real-ip'] }),
  );
};

async function start(platform: Platform, path: string, exclude: readonly string[] = []) {
  const backend = await startBackend(answer, { readBody: false });
  const echoes = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  echoes.on('connection', socket => socket.on('message', text => socket.send(`echo ${String(text)}`)));
  await once(echoes, 'listening');
  closeLater(() => echoes.close());
  const { port: echoPort } = echoes.address() as { port: number };
  const config: GatewayConfigInput = {
    trustedProxies: ['127.0.0.1'],
    upstreams: { orders: { backends: [backend.url] }, echoes: { backends: [`http://127.0.0.1:${echoPort}`] } },
    routes: [
      { match: { path: '/orders/*' }, upstream: 'orders' },
      { match: { path: '/echo/*' }, upstream: 'echoes' },
      { match: { path: '/limited' }, respond: { body: 'few' }, security: { rateLimit: { limit: 1, per: '1h' } } },
    ],
  };
  const { app, port } = await startHostApp(
    platform,
    {
      imports: [
        GatewayModule.forRoot({
          config,
          mount: { path, exclude },
          listeners: false,
          admin: { listener: false },
          logSink: streamSink(new PassThrough().resume()),
        }),
      ],
      controllers: [Own],
      providers: [Chat],
    },
    {},
    (host: INestApplication) => host.useWebSocketAdapter(new WsAdapter(host)),
  );
  return {
    app,
    port,
    ask: (at: string, options: RequestOptions = {}): Promise<Response> => request(port, { path: at, ...options }),
  };
}

async function said(port: number, path: string, text: string): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  closeLater(() => socket.terminate());
  await once(socket, 'open');
  const heard = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(text);
  const [message] = await heard;
  socket.close();
  return message.toString();
}

const json = { 'content-type': 'application/json' };

describe.each(platforms)('a gateway below a path of the application’s own port, on %s', platform => {
  let host: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    host = await start(platform, '/api', ['/api/kept']);
  });

  it('takes what no route of the application takes, without the path', async () => {
    expect(host.app.get(Gateway).listeners.every(({ port }) => port === undefined)).toBe(true);
    expect((await host.ask('/api/own')).text).toBe('own');
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    expect((await host.ask('/api/orders/4?a=1', { headers })).json()).toEqual({
      ...{ method: 'GET', url: '/orders/4?a=1', length: 0, client: '203.0.113.9' },
    });
    const unknown = await host.ask('/api/nothing');
    expect([unknown.status, unknown.json<{ type: string }>().type]).toEqual([404, 'urn:gatehouse:error:NO_ROUTE']);
  });

  it('leaves the application what lies elsewhere, or is excluded', async () => {
    expect((await host.ask('/api/kept/own')).text).toBe('kept');
    for (const path of ['/api/kept/orders', '/orders/4', '/apiorders/4']) {
      const response = await host.ask(path);
      expect([response.status, response.json<{ message: string }>().message]).toEqual([404, `Cannot GET ${path}`]);
    }
  });

  it('streams bodies that a parser of the application would refuse, and leaves those of own routes to it', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(3_000_000) });
    const sent = await host.ask('/api/orders/large', { method: 'POST', headers: json, body });
    expect(sent.json()).toMatchObject({ method: 'POST', length: body.length });
    const own = await host.ask('/api/own/parsed', { method: 'POST', headers: json, body: '{"a":1}' });
    expect(own.json()).toEqual({ parsed: { a: 1 } });
  });

  it('keeps the limits of its routes', async () => {
    expect((await host.ask('/api/limited')).text).toBe('few');
    expect((await host.ask('/api/limited')).status).toBe(429);
  });

  it('carries WebSockets, and leaves those of the application’s own gateways to them', async () => {
    expect(await said(host.port, '/api/echo/a', 'hello')).toBe('echo hello');
    expect(JSON.parse(await said(host.port, '/api/chat', '{"event":"ask"}'))).toEqual({ event: 'said', data: 'own' });
    const refused = new WebSocket(`ws://127.0.0.1:${host.port}/elsewhere`);
    await once(refused, 'error');
    const unknown = new WebSocket(`ws://127.0.0.1:${host.port}/api/nothing`);
    expect(String(((await once(unknown, 'error')) as [Error])[0])).toContain('404');
  });

  it('answers a request whose offer of another protocol is not taken', async () => {
    const head = 'GET /api/orders/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
    const response = await rawRequest(host.port, head);
    expect(response.status).toBe(200);
  });
});

describe.each(platforms)('a gateway at the root of the application’s own port, on %s', platform => {
  it('takes all that the application does not', async () => {
    const host = await start(platform, '/');
    expect((await host.ask('/api/own')).text).toBe('own');
    expect((await host.ask('/orders/4')).json()).toMatchObject({ url: '/orders/4' });
    expect((await host.ask('/')).json()).toMatchObject({ type: 'urn:gatehouse:error:NO_ROUTE' });
    expect(await said(host.port, '/echo/b', 'you')).toBe('echo you');
    expect(await said(host.port, '/api/chat', '{"event":"ask"}')).toContain('own');
    await host.app.close();
  });
});

it('a mount that is no path stops the start', () => {
  const config = { upstreams: { a: { backends: ['http://127.0.0.1:1'] } } };
  expect(() => GatewayModule.forRoot({ config, mount: { path: 'api/*' } })).toThrow('mount: found "api/*"');
});
