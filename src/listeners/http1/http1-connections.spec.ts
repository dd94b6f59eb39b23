import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { answer } from '../../../test/support/connection-scene.js';
import { eventually } from '../../../test/support/poll.js';
import { RawClient } from '../../../test/support/raw-client.js';
import { socketPair } from '../../../test/support/socket-pair.js';
import type { ConnectionLimits } from './connection-limits.js';
import { Http1Connections } from './http1-connections.js';

const limits: ConnectionLimits = {
  headerTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 2_500,
  requestsPerConnection: 0,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'performance'] });
});
afterEach(() => void vi.useRealTimers());

/** Connections that answer each request; what they promise of their next request, and how they end. */
function connections(changes: Partial<ConnectionLimits> = {}) {
  const told: string[] = [];
  const sut = new Http1Connections(
    { ...limits, ...changes },
    { maxHead: 1_000 },
    {
      begin: (_message, connection) => {
        told.push(connection.keepAlive);
        answer(connection);
      },
      over: (_socket, isWhole) => void told.push(isWhole ? 'whole' : 'gone'),
      broken: (_trouble, connection) => connection.socket.destroy(),
    },
  );
  const open = async () => {
    const [client, server] = await socketPair();
    sut.take(server);
    return { client: new RawClient(client), server };
  };
  return { sut, told, open };
}

it('each connection is looked at, by one timer', async () => {
  const { open, told } = connections();
  const [silent, used] = [await open(), await open()];
  expect(vi.getTimerCount()).toBe(1);
  used.client.send('GET / HTTP/1.1\r\n\r\n');
  expect((await used.client.response()).text).toBe('ok');
  await eventually(() => told.length === 2);
  vi.advanceTimersByTime(2_000);
  expect([silent.server.destroyed, used.server.destroyed]).toEqual([false, false]);
  vi.advanceTimersByTime(1_000);
  expect([silent.server.destroyed, used.server.destroyed]).toEqual([false, true]);
  vi.advanceTimersByTime(3_000);
  expect(silent.server.destroyed).toBe(true);
});

it('a limit is exceeded by a tenth at most', async () => {
  const { open } = connections({ headerTimeout: 1_000 });
  const { server } = await open();
  vi.advanceTimersByTime(1_000);
  expect(server.destroyed).toBe(false);
  vi.advanceTimersByTime(101);
  expect(server.destroyed).toBe(true);
});

it.each([
  [2_500, 'Connection: keep-alive\r\nKeep-Alive: timeout=2\r\n'],
  [999, 'Connection: keep-alive\r\n'],
  [0, 'Connection: keep-alive\r\n'],
])('a connection that is kept for %i ms says so in whole seconds', async (keepAliveTimeout, line) => {
  const { open, told } = connections({ keepAliveTimeout });
  const { client } = await open();
  client.send('GET / HTTP/1.1\r\n\r\n');
  await eventually(() => told.length === 2);
  expect(told).toEqual([line, 'whole']);
});

it('one that has ended already is not taken', async () => {
  const { sut } = connections();
  const [, server] = await socketPair();
  server.destroy();
  const listeners = server.listenerCount('data');
  sut.take(server);
  expect([server.listenerCount('data'), vi.getTimerCount()]).toEqual([listeners, 0]);
});

it('once closed they are looked at no more', async () => {
  const { sut, open } = connections();
  const { server } = await open();
  sut.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(100_000);
  expect(server.destroyed).toBe(false);
});
