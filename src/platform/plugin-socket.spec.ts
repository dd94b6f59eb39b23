import { IncomingMessage, ServerResponse, createServer } from 'node:http';
import { Socket } from 'node:net';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { expect, it, vi } from 'vitest';
import { pluginSocket } from './plugin-socket.js';

const changed = 'http-proxy-middleware: it does not look for the server of a request where it did';

/** A client's connection, as Node's server has it. */
function connectionOf(server: object): Socket {
  return Object.assign(new Socket(), { server });
}

it('the library does not hang on to the server of an exchange', async () => {
  const server = createServer();
  const handler = createProxyMiddleware({ target: 'http://127.0.0.1', pathFilter: () => false });
  const ask = async (socket: Socket): Promise<void> => {
    const request = new IncomingMessage(socket);
    await handler(request, new ServerResponse(request), () => {});
  };
  await ask(pluginSocket(connectionOf(server), false));
  expect(server.listenerCount('close')).toBe(0);
  await ask(connectionOf(server));
  expect(server.listenerCount('close'), `${changed}; perhaps nothing has to be hidden any more`).toBe(1);
});

it('the library takes an upgrade where there is a server, and no other', async () => {
  const router = vi.fn((_: IncomingMessage) => new Promise<string>(() => {}));
  const handler = createProxyMiddleware({ router });
  const requests = [false, true].map(isUpgrade => {
    const request = new IncomingMessage(pluginSocket(undefined, isUpgrade));
    request.url = '/';
    return request;
  });
  for (const request of requests) handler.upgrade(request, new Socket(), Buffer.alloc(0));
  await vi.waitFor(() => expect(router, changed).toHaveBeenCalled());
  expect(
    router.mock.calls.map(([request]) => requests.indexOf(request)),
    changed,
  ).toEqual([1]);
});
