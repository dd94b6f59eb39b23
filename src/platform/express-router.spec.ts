import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExpressAdapter } from '@nestjs/platform-express';
import { expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { request } from '../../test/support/client.js';
import { type ExpressRouter, parseOnlyWhere } from './express-router.js';

interface Express extends ExpressRouter {
  (request: IncomingMessage, response: ServerResponse): void;
  post(path: string, handle: (request: { body: unknown }, response: { json(body: unknown): void }) => void): void;
}

it('the parsers of Nest in Express 5 leave alone what no route takes, and read what one does', async () => {
  const adapter = new ExpressAdapter();
  adapter.registerParserMiddleware();
  const express = adapter.getInstance() as unknown as Express;
  const echo = (incoming: { body: unknown }, response: { json(body: unknown): void }): void =>
    response.json({ body: incoming.body ?? 'unread' });
  express.post('/routed/:id', echo);
  parseOnlyWhere(express, (_, isRouted) => isRouted());
  express.use((incoming, response) => echo(incoming as never, response as never));
  const server = createServer(express).listen(0, '127.0.0.1');
  closeLater(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const post = async (path: string, method = 'POST'): Promise<unknown> =>
    (await request(port, { method, path, headers: { 'content-type': 'application/json' }, body: '{"a":1}' })).json();
  expect(await post('/routed/1?b')).toEqual({ body: { a: 1 } });
  expect(await post('/routed/1', 'PUT')).toEqual({ body: 'unread' });
  expect(await post('/other')).toEqual({ body: 'unread' });
});

it('does nothing on an application without such a router', () => {
  expect(() => parseOnlyWhere({ use: () => undefined }, () => true)).not.toThrow();
});
