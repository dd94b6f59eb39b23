import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InProcessGateway } from '../support/in-process.js';
import { patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startWebSocketBackend, type WebSocketBackend } from '../support/websocket-backend.js';
import { openWebSocket, type WebSocketClient } from '../support/websocket-client.js';

const mebibyte = 1024 * 1024;
/** Every code that may stand in a Close frame and has a meaning, and the ends of the range that applications have. */
const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999];

describe.each(['default', 'http-proxy-middleware'])('a client of ws behind %s', forwarder => {
  it('negotiates compression with the server itself, and compressed messages stay so', async () => {
    const backend = await startWebSocketBackend(undefined, { perMessageDeflate: { threshold: 0 } });
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await openWebSocket(gateway.port, { perMessageDeflate: { threshold: 0 } });
    expect(client.socket.extensions).toBe('permessage-deflate');
    expect(backend.sockets[0]!.extensions).toBe('permessage-deflate');
    const message = 'all the same '.repeat(10_000);
    expect(await client.ask(message)).toBe(message);
    client.socket.close(1000);
    await client.closed();
    const { bytesIn, bytesOut, messagesIn, messagesOut } = await accessLineOf(gateway);
    expect([messagesIn, messagesOut]).toEqual([1, 1]);
    expect(Math.max(Number(bytesIn), Number(bytesOut))).toBeLessThan(message.length / 50);
  });

  it('gets no extension that the server does not have', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await openWebSocket(gateway.port, { perMessageDeflate: true });
    expect(client.socket.extensions).toBe('');
    expect(await client.ask('plain')).toBe('plain');
  });

  it('gets the subprotocol that the server has chosen', async () => {
    const backend = await startWebSocketBackend(undefined, {
      handleProtocols: offered => (offered.has('v1.chat') ? 'v1.chat' : false),
    });
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await openWebSocket(gateway.port, { protocols: ['v2.chat', 'v1.chat'] });
    expect(client.socket.protocol).toBe('v1.chat');
    expect(backend.requests[0]!.headers['sec-websocket-protocol']).toBe('v2.chat,v1.chat');
  });

  it('sends cookies and fields of its own with the handshake, and gets those of the server', async () => {
    const backend = await startWebSocketBackend();
    backend.server.on('headers', headers => {
      headers.push('Set-Cookie: session=1; Path=/', 'Set-Cookie: theme=dark', 'X-Greeting: hello');
    });
    const gateway = await gatewayTo([backend], { forwarder });
    const headers = { cookie: 'user=anna; lang=de', 'x-team': 'blue', host: 'chat.example' };
    const client = await openWebSocket(gateway.port, { path: '/a%20b?c=d', headers });
    const [request] = backend.requests;
    expect(request!.url).toBe('/a%20b?c=d');
    expect(request!.headers).toMatchObject({ ...headers, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    expect(client.response!.headers).toMatchObject({
      'set-cookie': ['session=1; Path=/', 'theme=dark'],
      'x-greeting': 'hello',
    });
  });

  it('sends and gets a megabyte of text and of binary', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await openWebSocket(gateway.port);
    const text = patternOf(mebibyte)
      .toString('latin1')
      .replaceAll(/[^a-z]/g, 'ü');
    expect((await client.ask(text)) === text).toBe(true);
    const bytes = randomBytes(mebibyte);
    let echoed: Buffer | undefined;
    client.socket.once('message', (data, isBinary) => {
      if (isBinary) echoed = data as Buffer;
    });
    client.socket.send(bytes);
    await eventually(() => echoed?.equals(bytes) === true);
  });

  it('sends and gets messages in fragments, with a ping between them', async () => {
    const backend = await startWebSocketBackend(socket => {
      socket.on('message', data => {
        socket.send(`${(data as Buffer).toString()}; `, { fin: false });
        socket.ping('between');
        socket.send('', { fin: false });
        socket.send('done', { fin: true });
      });
    });
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await openWebSocket(gateway.port);
    client.socket.send('one, ', { fin: false });
    client.socket.ping('there?');
    client.socket.send('two, ', { fin: false });
    client.socket.send('three', { fin: true });
    expect(await client.next()).toBe('one, two, three; done');
    await eventually(() => expect([client.pings, client.pongs]).toEqual([['between'], ['there?']]));
    client.socket.close();
    expect(await accessLineOf(gateway)).toMatchObject({ messagesIn: 1, messagesOut: 1, closeCode: 1005 });
  });

  it('pings the server, and is pinged by it', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await openWebSocket(gateway.port);
    const pongs: string[] = [];
    backend.sockets[0]!.on('pong', data => pongs.push(data.toString()));
    client.socket.ping('from the client');
    client.socket.ping();
    backend.sockets[0]!.ping('from the server');
    await eventually(() => expect(client.pongs).toEqual(['from the client', '']));
    await eventually(() => expect([client.pings, pongs]).toEqual([['from the server'], ['from the server']]));
    expect(await gateway.metric('gatehouse_tunnels_open')).toBe(1);
  });

  describe('of the codes of a close', () => {
    let backend: WebSocketBackend;
    let gateway: InProcessGateway;
    let ended = 0;

    beforeAll(async () => {
      backend = await startWebSocketBackend();
      gateway = await gatewayTo([backend], { forwarder });
      ended = 0;
    });

    const expectClose = async (client: WebSocketClient, code: number, closedBy: string): Promise<void> => {
      expect(await client.closed()).toEqual([code, 'größer']);
      ended++;
      await eventually(() => expect(backend.closes).toHaveLength(ended));
      expect(backend.closes.at(-1)).toEqual([code, 'größer']);
      expect(await accessLineOf(gateway, ended)).toMatchObject({ closeCode: code, closedBy });
    };

    afterAll(() => expectAtRest(gateway));

    it.each(codes)('closes with %i, and the server sees code and reason', async code => {
      const client = await openWebSocket(gateway.port);
      client.socket.close(code, 'größer');
      await expectClose(client, code, 'client');
    });

    it.each(codes)('sees code and reason when the server closes with %i', async code => {
      const client = await openWebSocket(gateway.port);
      backend.sockets.at(-1)!.close(code, 'größer');
      await expectClose(client, code, 'backend');
    });
  });

  it('sees the message and the close of a server that says goodbye at once', async () => {
    const backend = await startWebSocketBackend(socket => {
      socket.send('full');
      socket.close(1013, 'try again later');
    });
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await openWebSocket(gateway.port);
    expect(await client.next()).toBe('full');
    expect(await client.closed()).toEqual([1013, 'try again later']);
    await expectAtRest(gateway);
  });
});
