import { describe, expect, it } from 'vitest';
import type { BackendLoad } from './backend-load.js';
import { LoadTable } from './load-table.js';

function threads(count: number, cells?: number): LoadTable[] {
  const memory = LoadTable.allocate(count, cells);
  return Array.from({ length: count }, (_, thread) => new LoadTable(memory, thread));
}

/** The load of the backend `a` of the upstream `app`, as each thread has it. */
function loads(count: number): BackendLoad[] {
  return threads(count).map(table => table.of('app', 'a')!);
}

describe('the load of a backend in shared memory', () => {
  it('is the same for all threads', () => {
    const [one, other] = loads(2);
    expect([one!.tryTake(3), other!.tryTake(3), one!.tryTake(3), other!.tryTake(3)]).toEqual([true, true, true, false]);
    expect([one!.inFlight, other!.taken]).toEqual([3, 3]);
    one!.giveBack();
    expect(other!.tryTake(3)).toBe(true);
  });

  it('counts what lasts, which holds no place', () => {
    const [one, other] = loads(2);
    one!.tryTake(1);
    one!.last();
    expect([other!.inFlight, other!.taken, other!.tryTake(1)]).toEqual([1, 0, true]);
    one!.lasted();
    expect(other!.inFlight).toBe(1);
  });

  it('is one for each backend and upstream, by their names', () => {
    const [table, other] = threads(2);
    table!.of('app', 'a')!.tryTake(1);
    expect(
      [
        ['app', 'a'],
        ['app', 'b'],
        ['ap', 'pa'],
        ['other', 'a'],
      ].map(([u, b]) => other!.of(u!, b!)!.taken),
    ).toEqual([1, 0, 0, 0]);
  });

  it('loses what a thread has put in that has died, and tells those that wait for its places', async () => {
    const [one, other] = threads(2);
    const [dead, waiting] = [one!.of('app', 'a')!, other!.of('app', 'a')!];
    for (let i = 0; i < 3; i++) dead.tryTake(4);
    dead.last();
    waiting.tryTake(4);
    dead.wait(2);
    expect([waiting.inFlight, waiting.isWantedElsewhere]).toEqual([4, true]);
    const called = new Promise<void>(resolve => {
      let calls = 0;
      waiting.watch(() => void (++calls === 2 && resolve()));
    });
    waiting.wait(1);
    other!.forget(0);
    await called;
    expect([waiting.inFlight, waiting.taken, waiting.isWantedElsewhere]).toEqual([1, 1, false]);
  });

  it('tells a thread that waits when another gives a place back, and when one is free already', async () => {
    const [one, other] = loads(2);
    one!.tryTake(1);
    const woken = Promise.withResolvers<void>();
    other!.watch(() => void (other!.tryTake(1) && (other!.wait(-1), woken.resolve())));
    other!.wait(1);
    expect(one!.isWantedElsewhere).toBe(true);
    one!.giveBack();
    await woken.promise;
    expect([one!.taken, one!.isWantedElsewhere]).toEqual([1, false]);
    const [free, late] = loads(2);
    free!.tryTake(1);
    free!.giveBack();
    const letIn = new Promise<void>(resolve => late!.watch(() => void (late!.tryTake(1) && resolve())));
    late!.wait(1);
    await letIn;
  });

  it('keeps one average of latencies for all threads, on one clock', () => {
    const [one, other] = loads(2);
    one!.latency[0] = 50;
    expect(other!.latency[0]).toBe(50);
    expect(Math.abs(one!.now() - other!.now())).toBeLessThan(50);
  });
});

describe('the cells of backends', () => {
  it('are free for others when their backends are gone for long enough and carry nothing', () => {
    const [table] = threads(1, 16);
    const busy = table!.of('app', 'busy')!;
    busy.tryTake(1);
    for (let i = 0; table!.of('app', `${i}`) !== undefined; i++);
    expect(table!.of('app', 'new')).toBeUndefined();
    table!.retain([['app', '3']]);
    expect(table!.of('app', 'new')).toBeUndefined();
    table!.retain([['app', '3']]);
    for (let i = 0; i < 14; i++) expect(table!.of('app', `new ${i}`)).toBeDefined();
    expect(table!.of('app', 'one more')).toBeUndefined();
    expect(table!.of('app', 'busy')!.taken).toBe(1);
  });

  it('belong to memory that was made for them', () => {
    expect(() => new LoadTable(new SharedArrayBuffer(4096), 0)).toThrow(TypeError);
    expect(() => new LoadTable(LoadTable.allocate(2), 2)).toThrow(RangeError);
    expect(() => LoadTable.allocate(65)).toThrow(RangeError);
    expect(() => LoadTable.allocate(2, 100)).toThrow(RangeError);
  });
});
