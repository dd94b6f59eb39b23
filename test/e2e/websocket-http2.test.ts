import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { closePayload, frameBytes } from '../support/frame-bytes.js';
import { connectHttp2 } from '../support/http2-client.js';
import { openTunnel } from '../support/http2-tunnel.js';
import { eventually } from '../support/poll.js';
import { startRawWebSocketBackend, textFrame } from '../support/raw-websocket.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

const closeOf = (code: number, reason = ''): Buffer => frameBytes({ opcode: 8, payload: closePayload(code, reason) });

describe.each(['default', 'http-proxy-middleware'])('a WebSocket over HTTP/2 behind %s', forwarder => {
  const upstream = { forwarder };

  it('carries messages both ways, and the close of the client', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await secureGatewayTo([backend], { upstream });
    const client = await connectHttp2(gateway.port);
    const tunnel = await openTunnel(client, { ':path': '/chat?room=1', cookie: 'user=anna' });
    expect(tunnel.status).toBe(200);
    expect(tunnel.headers['sec-websocket-accept']).toBeUndefined();
    tunnel.say('hello');
    await tunnel.until(textFrame('hello'));
    tunnel.goodbye(4001, 'bye');
    await tunnel.until(textFrame('hello'), closeOf(4001, 'bye'));
    tunnel.stream.end();
    await eventually(() => expect([tunnel.ended, tunnel.closed]).toEqual([true, 0]));
    expect(backend.closes).toEqual([[4001, 'bye']]);
    const [request] = backend.requests;
    expect([request!.method, request!.url]).toEqual(['GET', '/chat?room=1']);
    expect(request!.headers).toMatchObject({
      cookie: 'user=anna',
      host: `127.0.0.1:${gateway.port}`,
      'x-forwarded-proto': 'https',
    });
    expect(await accessLineOf(gateway)).toMatchObject({
      method: 'GET',
      status: 200,
      httpVersion: '2.0',
      protocol: 'websocket',
      messagesIn: 1,
      messagesOut: 1,
      closeCode: 4001,
      closedBy: 'client',
    });
    await expectAtRest(gateway);
  });

  it('carries the subprotocol, the fields and the close of the server', async () => {
    const backend = await startWebSocketBackend(undefined, { handleProtocols: () => 'v1.chat' });
    backend.server.on('headers', headers => headers.push('Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Greeting: hello'));
    const gateway = await secureGatewayTo([backend], { upstream });
    const tunnel = await openTunnel(await connectHttp2(gateway.port), { 'sec-websocket-protocol': 'v2.chat, v1.chat' });
    expect(tunnel.headers).toMatchObject({
      'sec-websocket-protocol': 'v1.chat',
      'set-cookie': ['a=1', 'b=2'],
      'x-greeting': 'hello',
    });
    for (const name of ['connection', 'upgrade']) expect(tunnel.headers[name]).toBeUndefined();
    backend.sockets[0]!.close(1000, 'enough');
    await tunnel.until(closeOf(1000, 'enough'));
    tunnel.goodbye(1000, 'enough');
    tunnel.stream.end();
    await eventually(() => expect(tunnel.closed).toBe(0));
    expect(await accessLineOf(gateway)).toMatchObject({ closeCode: 1000, closedBy: 'backend' });
    await expectAtRest(gateway);
  });

  it('carries what the server sends with its 101, and a megabyte in both directions', async () => {
    const early = textFrame('early');
    const backend = await startRawWebSocketBackend(early);
    const gateway = await secureGatewayTo([backend], { upstream });
    const tunnel = await openTunnel(await connectHttp2(gateway.port));
    const text = 'x'.repeat(1024 * 1024);
    tunnel.say(text);
    const connection = await backend.connection();
    await eventually(() => expect(connection.received.length).toBeGreaterThan(text.length));
    connection.respond(textFrame(text));
    await tunnel.until(early, textFrame(text));
  });

  it('ends at the backend when the client resets its stream', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await secureGatewayTo([backend], { upstream });
    const client = await connectHttp2(gateway.port);
    const [tunnel, other] = [await openTunnel(client), await openTunnel(client)];
    tunnel.stream.close(8);
    await eventually(() => expect(backend.closes).toEqual([[1001, 'the client went away']]));
    expect(await accessLineOf(gateway)).toMatchObject({ closeCode: 1006, closedBy: 'client' });
    other.say('still here');
    await other.until(textFrame('still here'));
    client.session.destroy();
    await eventually(() => expect(backend.closes).toHaveLength(2));
    await expectAtRest(gateway);
  });

  it('ends with 1012 when the backend dies', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await secureGatewayTo([backend], { upstream });
    const tunnel = await openTunnel(await connectHttp2(gateway.port));
    backend.kill();
    await eventually(() => expect(tunnel.received.subarray(2, 4)).toEqual(closePayload(1012)));
    tunnel.goodbye(1012);
    tunnel.stream.end();
    await eventually(() => expect(tunnel.closed).toBe(0));
    await expectAtRest(gateway);
  });

  it('is answered as a request when the backend refuses it', async () => {
    const backend = await startScripted('a', call => call.answer(403, { body: 'not you', headers: ['X-Why: no'] }));
    const gateway = await secureGatewayTo([backend], { upstream });
    const client = await connectHttp2(gateway.port);
    const tunnel = await openTunnel(client);
    expect([tunnel.status, tunnel.headers['x-why']]).toEqual([403, 'no']);
    await eventually(() => expect([tunnel.received.toString(), tunnel.closed]).toEqual(['not you', 0]));
    expect((await client.request()).status).toBe(403);
    await expectAtRest(gateway);
  });

  it('has many of its kind, and plain requests, on one connection', async () => {
    const chat = await startWebSocketBackend();
    const pages = await startBackend();
    const gateway = await secureGatewayTo([chat], {
      upstream,
      others: {
        upstreams: { chat: { backends: [chat.url], ...upstream }, pages: { backends: [pages.url] } },
        routes: [{ match: { path: '/chat' }, upstream: 'chat' }, { upstream: 'pages' }],
      },
    });
    const client = await connectHttp2(gateway.port);
    const count = 20;
    client.session.setMaxListeners(100);
    const tunnels = await Promise.all(Array.from({ length: count }, () => openTunnel(client, { ':path': '/chat' })));
    const texts = tunnels.map((_, number) => `${number} `.repeat(5_000));
    tunnels.forEach((tunnel, number) => tunnel.say(texts[number]!));
    const responses = await Promise.all(
      Array.from({ length: count }, (_, number) =>
        client.request({ body: `${number}`, headers: { ':method': 'POST' } }),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 200));
    await Promise.all(tunnels.map((tunnel, number) => tunnel.until(textFrame(texts[number]!))));
    expect(await gateway.metric('gatehouse_tunnels_open')).toBe(count);
    for (const { stream } of tunnels) stream.close();
    await expectAtRest(gateway);
  });

  it('is told to go, by GOAWAY and 1001, when the gateway shuts down', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await secureGatewayTo([backend], { upstream });
    const client = await connectHttp2(gateway.port);
    const tunnel = await openTunnel(client);
    const stopped = gateway.stop(5000);
    await tunnel.until(closeOf(1001, 'going away'));
    tunnel.goodbye(1001);
    tunnel.stream.end();
    expect(await stopped).toBe(0);
    await client.closed();
    expect(client.goaways[0]?.code).toBe(0);
    expect(backend.closes).toEqual([[1001, 'going away']]);
  });
});

describe('an extended CONNECT', () => {
  it.each([
    ['for an unknown protocol', 'carrier-pigeon', {}, 501],
    ['for a protocol that the route does not have', 'connect-udp', {}, 501],
    ['without a version', 'websocket', { 'sec-websocket-version': undefined }, 400],
    ['of another version', 'websocket', { 'sec-websocket-version': '8' }, 426],
  ])('%s is refused', async (_, protocol, headers, status) => {
    const backend = await startWebSocketBackend();
    const gateway = await secureGatewayTo([backend]);
    const client = await connectHttp2(gateway.port);
    const tunnel = await openTunnel(client, { ':protocol': protocol, ...headers });
    expect([tunnel.status, tunnel.headers['x-gateway-error']]).toEqual([status, 'DENIED']);
    await eventually(() => expect(tunnel.closed).toBe(0));
    expect(backend.requests).toHaveLength(0);
    await expectAtRest(gateway);
  });

  it('carries another protocol where the route has it', async () => {
    const backend = await startBackend(undefined, {
      onUpgrade: (request, socket) => {
        socket.write(`HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`);
        socket.pipe(socket);
      },
    });
    const gateway = await secureGatewayTo([backend], { others: { websocket: { upgrades: ['echo'] } } });
    const tunnel = await openTunnel(await connectHttp2(gateway.port), { ':protocol': 'echo' });
    expect(tunnel.status).toBe(200);
    tunnel.stream.write('no frames at all');
    await tunnel.until(Buffer.from('no frames at all'));
    tunnel.stream.end();
    await eventually(() => expect([tunnel.ended, tunnel.closed]).toEqual([true, 0]));
    await expectAtRest(gateway);
  });
});
