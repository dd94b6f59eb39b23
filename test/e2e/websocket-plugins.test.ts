import { definePlugin } from 'http-proxy-middleware';
import { describe, expect, it } from 'vitest';
import { HTTP_PROXY_MIDDLEWARE_PLUGINS } from '../../src/proxy/forwarder/builtin-forwarders.js';
import type { LibraryPlugin } from '../../src/proxy/forwarder/http-proxy-middleware-forwarder.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';
import { openWebSocket, refusedWebSocket } from '../support/websocket-client.js';

/** A gateway whose upstream goes through http-proxy-middleware with this plug-in. */
function gatewayWith(plugin: LibraryPlugin, url: string): Promise<InProcessGateway> {
  const plugins = { provide: HTTP_PROXY_MIDDLEWARE_PLUGINS, useValue: [plugin] };
  const Plugins = class {};
  return startInProcess(
    { upstreams: { app: { backends: [url], forwarder: 'http-proxy-middleware' } } },
    { imports: [{ module: Plugins, providers: [plugins] }] },
  );
}

describe('a plug-in of http-proxy-middleware', () => {
  it('sees the handshake of a WebSocket, and changes the fields that the server gets', async () => {
    const seen: unknown[] = [];
    const backend = await startWebSocketBackend();
    const gateway = await gatewayWith(
      definePlugin(server => {
        server.on('proxyReqWs', (outgoing, request) => {
          seen.push([request.method, request.url, request.headers['x-team'], outgoing.getHeader('x-forwarded-for')]);
          outgoing.setHeader('X-Plugin', 'was here');
          outgoing.removeHeader('x-team');
        });
        server.on('open', () => seen.push('open'));
        server.on('close', () => seen.push('close'));
      }),
      backend.url,
    );
    const client = await openWebSocket(gateway.port, { path: '/chat?room=1', headers: { 'x-team': 'blue' } });
    expect(await client.ask('hello')).toBe('hello');
    const [request] = backend.requests;
    expect([request!.headers['x-plugin'], request!.headers['x-team']]).toEqual(['was here', undefined]);
    client.socket.close(4000, 'bye');
    expect(await client.closed()).toEqual([4000, 'bye']);
    await expectAtRest(gateway);
    await eventually(() => {
      expect(seen).toEqual([['GET', '/chat?room=1', 'blue', '127.0.0.1'], 'open', 'close']);
    });
  });

  it('that throws at the handshake gives that client a 500, and harms no other client', async () => {
    let fails = true;
    const backend = await startWebSocketBackend();
    const gateway = await gatewayWith(
      definePlugin(server => {
        server.on('proxyReqWs', () => {
          if (fails) throw new Error('the plug-in is broken');
        });
      }),
      backend.url,
    );
    const response = await refusedWebSocket(gateway.port);
    expect([response.statusCode, response.headers['x-gateway-error']]).toEqual([500, 'INTERNAL']);
    expect((await accessLineOf(gateway))['reason']).toContain('the plug-in is broken');
    fails = false;
    expect(await (await openWebSocket(gateway.port)).ask('and now?')).toBe('and now?');
  });
});
