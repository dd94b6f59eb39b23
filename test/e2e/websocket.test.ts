import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket, type ClientOptions, type RawData } from 'ws';
import { closeLater } from '../support/cleanup.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

/** Opens a WebSocket through the gateway; rejects when it is refused. */
async function open(port: number, path = '/', options: ClientOptions = {}, protocols?: string[]): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols ?? [], options);
  closeLater(() => socket.terminate());
  await once(socket, 'open');
  socket.on('error', () => {});
  return socket;
}

const next = async (socket: WebSocket): Promise<string> => ((await once(socket, 'message')) as [RawData])[0].toString();

describe.each(['default', 'http-proxy-middleware'])('a WebSocket behind %s', forwarder => {
  it('carries messages both ways, and its close code', async () => {
    const backend = await startWebSocketBackend();
    const gateway = await gatewayTo([backend], { forwarder });
    const socket = await open(gateway.port, '/chat?room=1');
    socket.send('hello');
    expect(await next(socket)).toBe('hello');
    socket.close(4001, 'bye');
    expect(await once(socket, 'close')).toEqual([4001, Buffer.from('bye')]);
    await eventually(() => expect(backend.closes).toEqual([[4001, 'bye']]));
    expect(backend.requests[0]!.url).toBe('/chat?room=1');
    expect(await accessLineOf(gateway)).toMatchObject({
      status: 101,
      protocol: 'websocket',
      messagesIn: 1,
      messagesOut: 1,
      closeCode: 4001,
      closedBy: 'client',
    });
    await expectAtRest(gateway);
  });
});
