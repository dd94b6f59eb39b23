import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Drain } from './drain.js';

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { base: null, timestamp: false },
    { write: line => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { sut: new Drain(log), lines };
}

describe('the end of several workers', () => {
  it('is over when all have ended, and says what was cut in all of them', async () => {
    const { sut, lines } = setUp();
    const cut = sut.wait([1, 2]);
    sut.told(1, { exchanges: 2, connections: 5 });
    expect(lines).toEqual([]);
    sut.told(2, { exchanges: 1, connections: 0 });
    expect(lines).toEqual([{ level: 30, exchanges: 3, connections: 5, msg: 'draining' }]);
    sut.ended(1, 2);
    sut.gone(1);
    let isOver = false;
    void cut.then(() => (isOver = true));
    await Promise.resolve();
    expect(isOver).toBe(false);
    sut.ended(2, 1);
    expect(await cut).toBe(3);
  });

  it('does not wait for one that dies, and says what the others drain', async () => {
    const { sut, lines } = setUp();
    const cut = sut.wait([1, 2]);
    sut.told(1, { exchanges: 2 });
    sut.gone(2);
    expect(lines).toEqual([{ level: 30, exchanges: 2, msg: 'draining' }]);
    sut.ended(1, 1);
    sut.gone(1);
    expect(await cut).toBe(1);
    expect(lines).toHaveLength(1);
  });

  it('is over at once when none runs', async () => {
    expect(await setUp().sut.wait([])).toBe(0);
  });
});
