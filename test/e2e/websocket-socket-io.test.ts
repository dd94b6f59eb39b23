import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Server } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/cleanup.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually, within } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';

/** A server of socket.io. */
interface Chat {
  readonly url: string;
  /** Dies, with all its connections. */
  kill(): void;
}

/** A server of socket.io that answers with its name. */
async function startChat(name: string): Promise<Chat> {
  const http = createServer();
  const connections = new Set<Socket>();
  http.on('connection', connection => connections.add(connection));
  const server = new Server(http);
  server.on('connection', socket => {
    socket.on('who', (reply: (name: string) => void) => reply(name));
    socket.on('say', (text: string) => server.emit('said', `${name}: ${text}`));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const kill = (): void => {
    http.close();
    for (const connection of connections) connection.resetAndDestroy();
    server.engine.close();
  };
  closeLater(kill);
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, kill };
}

/** A client that begins with polling, as browsers do, and waits until it has gone over to a WebSocket. */
async function join(gateway: InProcessGateway, options: object = {}): Promise<Client> {
  // Without `withCredentials` it keeps no cookies in Node.
  const socket = io(`http://127.0.0.1:${gateway.port}`, {
    withCredentials: true,
    forceNew: true,
    reconnectionDelay: 10,
    reconnectionDelayMax: 50,
    ...options,
  });
  closeLater(() => socket.close());
  await within(new Promise(resolve => socket.once('connect', () => resolve(undefined))), 10_000, 'the connection');
  return socket;
}

const onWebSocket = (socket: Client): Promise<void> =>
  eventually(() => expect(socket.io.engine.transport.name).toBe('websocket'));
const who = (socket: Client): Promise<unknown> => socket.timeout(5000).emitWithAck('who');
const tunnels = (gateway: InProcessGateway): Promise<number> => gateway.metric('gatehouse_tunnels_open');

describe.each(['default', 'http-proxy-middleware'])('socket.io behind %s', forwarder => {
  const upstream = { forwarder, sticky: { cookie: 'gw_backend' } };

  it('begins with polling and goes over to a WebSocket, at the backend of its cookie', async () => {
    const chats = [await startChat('one'), await startChat('two')];
    const gateway = await gatewayTo(chats, upstream);
    const clients = await Promise.all(Array.from({ length: 4 }, () => join(gateway)));
    for (const client of clients) await onWebSocket(client);
    expect(await tunnels(gateway)).toBe(4);
    const names = await Promise.all(clients.map(who));
    expect(new Set(names)).toEqual(new Set(['one', 'two']));

    const heard: string[] = [];
    const [first] = clients;
    first!.on('said', (text: string) => heard.push(text));
    first!.emit('say', 'hello');
    await eventually(() => expect(heard).toEqual([`${String(names[0])}: hello`]));
    for (const client of clients) client.close();
    await eventually(async () => expect(await tunnels(gateway)).toBe(0));
  });

  it('takes a WebSocket at once where polling is off', async () => {
    const gateway = await gatewayTo([await startChat('one')], { forwarder });
    const client = await join(gateway, { transports: ['websocket'] });
    expect(await who(client)).toBe('one');
    expect(gateway.logs.filter(({ msg }) => msg === 'exchange')).toEqual([]);
  });

  it('comes back at the other backend when its own has died', async () => {
    const chats = [await startChat('one'), await startChat('two')];
    const gateway = await gatewayTo(chats, upstream);
    const client = await join(gateway);
    await onWebSocket(client);
    const before = await who(client);
    const reasons: string[] = [];
    client.on('disconnect', reason => reasons.push(reason));
    chats[before === 'one' ? 0 : 1]!.kill();
    await eventually(() => expect([reasons.length, client.connected]).toEqual([1, true]), { deadline: 10_000 });
    expect(await who(client)).toBe(before === 'one' ? 'two' : 'one');
    await onWebSocket(client);
    expect(await tunnels(gateway)).toBe(1);
  });
});
