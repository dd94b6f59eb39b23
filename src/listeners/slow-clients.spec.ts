import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { socketPair } from '../../test/support/socket-pair.js';
import { SlowClients } from './slow-clients.js';

/** More than the buffers of both ends of a connection take. */
const much = Buffer.alloc(64 * 1024 * 1024);

/** A client that has much to read, and reads nothing. */
async function unread(): Promise<[client: Socket, server: Socket]> {
  const [client, server] = await socketPair();
  client.pause();
  server.write(much);
  return [client, server];
}

/** Reads so much that the other side notices. */
async function readSome(client: Socket): Promise<void> {
  const enough = client.bytesRead + 2 * 1024 * 1024;
  client.resume();
  while (client.bytesRead < enough) await once(client, 'data');
  client.pause();
}

/** The times of looks, 100 ms apart, until the connection was cut; at most 5 s. */
function looksUntilCut(sut: SlowClients, server: Socket): number {
  let now = 0;
  for (; now < 5_000 && !server.destroyed; now += 100) sut.sweep(now);
  return now;
}

describe('a client that does not read', () => {
  it('is cut with a reset when its time is over', async () => {
    const [client, server] = await unread();
    const sut = new SlowClients({ minBodyRate: 0, writeTimeout: 1_000 }, [server]);
    const lasted = looksUntilCut(sut, server);
    expect(lasted).toBeGreaterThanOrEqual(1_000);
    expect(lasted).toBeLessThanOrEqual(1_300);
    client.resume();
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  it('is left alone while it reads some of it, and where it has as long as it likes', async () => {
    const [client, server] = await unread();
    const sut = new SlowClients({ minBodyRate: 0, writeTimeout: 1_000 }, [server]);
    for (let look = 0; look < 15; look++) {
      await readSome(client);
      for (let step = 0; step < 5; step++) sut.sweep(100 * (5 * look + step));
    }
    expect(server.destroyed).toBe(false);
    const patient = new SlowClients({ minBodyRate: 0, writeTimeout: 0 }, [server]);
    looksUntilCut(patient, server);
    expect(server.destroyed).toBe(false);
  });

  it('has its time in spite of a gateway that is too busy to look', async () => {
    const [, server] = await unread();
    const sut = new SlowClients({ minBodyRate: 0, writeTimeout: 1_000 }, [server]);
    sut.sweep(0);
    sut.sweep(10_000);
    sut.sweep(20_000);
    expect(server.destroyed).toBe(false);
  });
});

describe('the look at all clients', () => {
  afterEach(() => void vi.useRealTimers());

  it('is taken ten times in the time that a client has to read, at least once a second, and until it is stopped', () => {
    vi.useFakeTimers();
    for (const [writeTimeout, interval] of [
      [2_000, 200],
      [100, 50],
      [60_000, 1_000],
    ] as const) {
      const looked = vi.fn<() => void>();
      const sockets = {
        *[Symbol.iterator]() {
          looked();
        },
      };
      const sut = new SlowClients({ minBodyRate: 0, writeTimeout }, sockets);
      sut.watch();
      vi.advanceTimersByTime(3 * interval);
      expect(looked).toHaveBeenCalledTimes(3);
      sut.stop();
      vi.advanceTimersByTime(3 * interval);
      expect(looked).toHaveBeenCalledTimes(3);
    }
  });

  it('is not taken where nothing is to be seen', () => {
    vi.useFakeTimers();
    new SlowClients({ minBodyRate: 0, writeTimeout: 0 }, []).watch();
    expect(vi.getTimerCount()).toBe(0);
  });
});
