import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startPool } from '../../../test/support/pool-scene.js';
import type { Carried } from './http1-connection.js';

describe('an unused connection', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  it('has a deadline until it is used again', async () => {
    const { pool, ask, served } = startPool({ idleTimeout: 300 });
    const { connection } = await served();
    pool.free(connection!);
    expect(connection!.deadline).toBe(performance.now() + 300);
    const user = ask();
    user.connection!.carry({} as never, false);
    expect(connection!.deadline).toBe(0);
  });

  it.each([
    ['timeout=5', 4_000],
    ['timeout=5, max=100', 4_000],
    ['max=100, Timeout=2', 1_000],
    ['timeout=60', 10_000],
    ['timeout=soon', 10_000],
    ['timeout=1', undefined],
    ['timeout=0', undefined],
  ])('is closed a second before the backend says that it will close it: Keep-Alive: %s, %s ms', async (said, kept) => {
    const { pool, served, figures } = startPool({ idleTimeout: 10_000 });
    const { connection } = await served();
    connection!.carry({ headRead() {}, responseRead() {} } as unknown as Carried, false);
    connection!.read(Buffer.from(`HTTP/1.1 204 No Content\r\nKeep-Alive: ${said}\r\n\r\n`));
    pool.free(connection!);
    expect(figures()).toEqual(kept === undefined ? [0, 0, 0] : [0, 1, 0]);
    if (kept !== undefined) expect(connection!.deadline).toBe(performance.now() + kept);
  });

  it('has none where connections are kept for ever', async () => {
    const { pool, served } = startPool({ idleTimeout: 0 });
    const { connection } = await served();
    vi.advanceTimersByTime(1_000);
    pool.free(connection!);
    expect(connection!.deadline).toBe(0);
  });

  it('is closed when it is late', async () => {
    const { pool, served, figures } = startPool({ idleTimeout: 300 });
    const { connection } = await served();
    pool.free(connection!);
    connection!.late();
    expect([figures(), connection!.socket.destroyed]).toEqual([[0, 0, 0], true]);
  });
});
