import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { connectRaw, request } from '../support/client.js';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { startListeners, type ListenersScene } from '../support/listeners-scene.js';
import { eventually } from '../support/poll.js';
import type { RawBackend } from '../support/raw-backend.js';
import { clientClose, clientGot, closeCodeOf, fromClient, leftBehind, serverGot } from '../support/tunnel-scene.js';
import { behindHead, handshake, startUpgradeBackend, upgraded } from '../support/upgrade-scene.js';

const free = { host: '127.0.0.1', port: 0 };
const web = { name: 'web', ...free };
const stays = { name: 'stays', ...free };
const short = { shutdown: { grace: '300ms' } };

/** A gateway before a server of WebSockets, one of event streams on `/events`, and one on `/held` whose answers end when the test says so. */
async function scene() {
  const tunnels = await startUpgradeBackend();
  const events = await startEventBackend();
  const held = Promise.withResolvers<void>();
  const answers = await startBackend(async (_, response) => {
    response.write('first half, ');
    await held.promise;
    response.end('done');
  });
  const on = (path: string, upstream: string): object => ({ match: { path }, upstream });
  const sut = await startListeners([web, stays], {
    upstreams: {
      tunnels: { backends: [tunnels.url] },
      events: { backends: [events.url] },
      answers: { backends: [answers.url] },
    },
    routes: [on('/events', 'events'), on('/held', 'answers'), on('/*', 'tunnels')],
  });
  return { sut, tunnels, events, answers, release: held.resolve };
}

async function tunnelBy(sut: ListenersScene, backend: RawBackend, name = 'web') {
  const number = backend.connections.length + 1;
  const client = await upgraded(sut.port(name), handshake());
  return { client, server: await backend.connection(number) };
}

const connectionsOf = (sut: ListenersScene, listener: string): Promise<number> =>
  sut.gateway.metric('gatehouse_connections_open', { listener });

describe('a listener that is removed', () => {
  it('lets an answer in flight end, says goodbye to tunnels and event streams when the time is over, and touches no others', async () => {
    const { sut, tunnels, events, answers, release } = await scene();
    const port = sut.port();
    const other = await tunnelBy(sut, tunnels, 'stays');
    const mine = await tunnelBy(sut, tunnels);
    const answered = request(port, { path: '/held' });
    const stream = await openStream(port, { path: '/events' });
    await events.send('data: 1\n\n');
    await stream.until('data: 1\n\n');
    await answers.received();
    const began = performance.now();
    await sut.change([stays], short);
    await expect(request(port)).rejects.toThrow('ECONNREFUSED');
    expect(await connectionsOf(sut, 'web')).toBe(3);
    release();
    expect((await answered).text).toBe('first half, done');
    // Both are told when `shutdown.grace` is over, not before.
    mine.client.send(fromClient(1, 'hello'));
    await eventually(() => behindHead(mine.server).length > 0);
    expect(await closeCodeOf(() => clientGot(mine))).toBe(1001);
    expect(performance.now() - began).toBeGreaterThan(290);
    expect(await closeCodeOf(() => serverGot(mine))).toBe(1001);
    expect([await stream.end(), stream.events]).toEqual(['end', 'data: 1\n\n']);
    mine.client.send(clientClose(1001));
    mine.client.half();
    mine.server.end();
    await eventually(async () => expect(await connectionsOf(sut, 'web')).toBe(0));
    other.client.send(fromClient(1, 'still here'));
    await eventually(() => expect(serverGot(other).text).toBe(1));
  });

  it('cuts what does not go by itself', async () => {
    const { sut, tunnels, answers } = await scene();
    const stubborn = await tunnelBy(sut, tunnels);
    const answered = request(sut.port(), { path: '/held' }).catch((error: unknown) => error);
    await answers.received();
    await sut.change([stays], short);
    expect(await answered).toMatchObject({ name: 'BrokenResponse' });
    await stubborn.client.closed();
    await leftBehind(stubborn);
    expect(await sut.gateway.waitForLog(({ path }) => path === '/held')).toMatchObject({ error: 'DRAINING' });
    await eventually(async () => expect(await connectionsOf(sut, 'web')).toBe(0));
  });

  it('goes the same way where only its address is another', async () => {
    const { sut, tunnels } = await scene();
    const [port, mine] = [sut.port(), await tunnelBy(sut, tunnels)];
    await sut.change([{ ...web, host: '127.0.0.2' }, stays], short);
    await expect(request(port)).rejects.toThrow('ECONNREFUSED');
    expect(await closeCodeOf(() => clientGot(mine))).toBe(1001);
  });
});

describe('a listener whose settings change', () => {
  it('leaves tunnels and event streams alone, for as long as they last', async () => {
    const { sut, tunnels, events } = await scene();
    const stream = await openStream(sut.port(), { path: '/events' });
    const mine = await tunnelBy(sut, tunnels);
    const kept = await connectRaw(sut.port());
    kept.send('GET /events HTTP/1.1\r\n');
    await eventually(() => sut.listeners.all[0]!.connections === 3);
    await sut.change([{ ...web, limits: { keepAliveTimeout: '9s' } }, stays], { shutdown: { grace: '1ms' } });
    // A stream that begins behind the change, on a connection from before it, lasts as well.
    kept.send('Host: x\r\nAccept: text/event-stream\r\n\r\n');
    await events.send('data: late\n\n', 2);
    await kept.until('data: late');
    await events.send('data: 1\n\n');
    await stream.until('data: 1\n\n');
    mine.client.send(fromClient(1, 'hello'));
    await eventually(() => expect(serverGot(mine).text).toBe(1));
    expect([clientGot(mine).close, stream.ended, kept.state]).toEqual([undefined, undefined, 'open']);
    expect(await connectionsOf(sut, 'web')).toBe(3);
    // The end of the gateway is theirs too.
    const stopped = sut.gateway.stop(10_000);
    expect(await closeCodeOf(() => clientGot(mine))).toBe(1001);
    expect(await stream.end()).toBe('end');
    await kept.closed();
    mine.client.send(clientClose(1001));
    mine.client.half();
    mine.server.end();
    expect(await stopped).toBe(0);
  });
});

describe('a gateway that shuts down', () => {
  it('ends what a removed listener has left, whose own time is longer', async () => {
    const { sut, tunnels, answers } = await scene();
    const mine = await tunnelBy(sut, tunnels);
    const answered = request(sut.port(), { path: '/held' }).catch((error: unknown) => error);
    await answers.received();
    await sut.change([stays]);
    const stopped = sut.gateway.stop(200);
    expect(await closeCodeOf(() => clientGot(mine))).toBe(1001);
    expect(await answered).toMatchObject({ name: 'BrokenResponse' });
    expect(await stopped).toBe(2);
    await mine.client.closed();
  });

  it('closes what was opened for a change that has not taken effect, and takes none any more', async () => {
    const { sut } = await scene();
    const port = sut.port();
    const transition = await sut.prepare([stays, { name: 'next', ...free, host: '127.0.0.3', port }]);
    const waiting = connect(port, '127.0.0.3').on('error', () => {});
    await once(waiting, 'connect');
    expect(await sut.gateway.stop(0)).toBe(0);
    await once(waiting.resume(), 'close');
    transition.commit();
    for (const host of ['127.0.0.1', '127.0.0.3']) {
      const [error] = (await once(connect(port, host), 'error')) as [Error];
      expect(error.message).toContain('ECONNREFUSED');
    }
    await expect(sut.prepare([web])).rejects.toThrow(/^the gateway is shutting down$/);
  });

  it('refuses a change that is being prepared', async () => {
    const { sut } = await scene();
    const next = { name: 'next', ...free, host: '127.0.0.3', port: sut.port() };
    const prepared = sut.prepare([web, next]).catch((error: unknown) => error);
    const stopped = sut.gateway.stop(0);
    expect(await prepared).toMatchObject({ message: 'the gateway is shutting down' });
    await stopped;
    expect(sut.listeners.all.map(({ name }) => name)).toEqual(['web', 'stays']);
    await expect(once(connect(next.port, next.host), 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});
