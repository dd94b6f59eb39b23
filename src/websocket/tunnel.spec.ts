import { duplexPair } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Deadlines } from '../proxy/forwarder/deadlines.js';
import { Tunnel } from './tunnel.js';

const settings = { idleTimeout: 0, pingInterval: 0, maxFrame: 1_000 };

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A tunnel whose sides never answer. */
function scene(more: { farewell?: number } = {}) {
  const [client, clientSide] = duplexPair();
  const [backend, backendSide] = duplexPair();
  clientSide.resume();
  backendSide.resume();
  const none = Buffer.alloc(0);
  const ends = { client, clientHead: none, backend, backendHead: none };
  const closed = vi.fn();
  const tunnel = new Tunnel(ends, true, { ...settings, ...more }, new Deadlines(), { closed });
  tunnel.start();
  return { tunnel, closed, isCut: () => client.destroyed && backend.destroyed };
}

it('sides that never answer are cut five seconds after their Close frame', () => {
  const { tunnel, isCut } = scene();
  tunnel.drain();
  vi.advanceTimersByTime(4_999);
  expect(isCut()).toBe(false);
  vi.advanceTimersByTime(1);
  expect(isCut()).toBe(true);
});

it('the first Close counts: a second one gives no more time', () => {
  const { tunnel, isCut } = scene();
  tunnel.drain();
  vi.advanceTimersByTime(4_000);
  tunnel.drain();
  vi.advanceTimersByTime(1_000);
  expect(isCut()).toBe(true);
});

it('a tunnel is closed when both sides are, and no time runs on', async () => {
  const { tunnel, closed } = scene({ farewell: 100 });
  tunnel.drain();
  vi.advanceTimersByTime(100);
  await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(1));
  expect(vi.getTimerCount()).toBe(0);
  expect(tunnel.record).toMatchObject({ closedBy: 'gateway', closeCode: 1001 });
});
