import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { socketPair } from '../../../test/support/socket-pair.js';
import { HalfClosed } from './half-closed.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

it('a client that has closed its side is reset once nothing has been written to it for a second', async () => {
  const [socket] = await socketPair();
  new HalfClosed(socket).watch();
  vi.advanceTimersByTime(999);
  expect(socket.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(socket.destroyed).toBe(true);
});

it('it stays as long as something is written each second', async () => {
  const [socket] = await socketPair();
  new HalfClosed(socket).watch();
  for (let second = 0; second < 3; second++) {
    socket.write('x');
    vi.advanceTimersByTime(1_000);
    expect(socket.destroyed).toBe(false);
  }
  vi.advanceTimersByTime(1_000);
  expect(socket.destroyed).toBe(true);
});

it('it stays when the watch was stopped, or begun anew', async () => {
  const [socket, other] = await socketPair();
  const stopped = new HalfClosed(socket);
  stopped.watch();
  stopped.stop();
  const anew = new HalfClosed(other);
  anew.watch();
  vi.advanceTimersByTime(600);
  anew.watch();
  vi.advanceTimersByTime(600);
  expect([socket.destroyed, other.destroyed]).toEqual([false, false]);
});
