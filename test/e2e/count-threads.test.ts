import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CountTable } from '../../src/shared-memory/count-table.js';
import { requireBuild } from '../support/build.js';
import { closeLater } from '../support/cleanup.js';
import { figure } from '../support/figure.js';

const threads = 4;
const built = pathToFileURL('dist/shared-memory/count-table.js').href;

/**
 * Enters and leaves for one key after the other, `rounds` times, when all threads have come to the gate. `inside` is how many threads are in at once for
 * each key, counted beside the table; `worst` the most that there were. With `rounds: 0` it never ends.
 */
const program = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { built, memory, gate, inside, column, cells, keys, limit, rounds } = workerData;
  import(built).then(({ CountTable }) => {
    const space = new CountTable(memory, column).space('limit');
    const names = Array.from({ length: keys }, (_, key) => 'client ' + key);
    const counts = new Int32Array(inside);
    const word = new Int32Array(gate);
    Atomics.add(word, 1, 1);
    Atomics.notify(word, 1);
    Atomics.wait(word, 0, 0);
    let [entered, worst, unshared] = [0, 0, 0];
    const held = [];
    const leave = () => {
      const { key, cell } = held.shift();
      Atomics.sub(counts, key, 1);
      space.leave(cell);
    };
    for (let i = 0; rounds === 0 || i < rounds; i++) {
      const key = (column + i) % keys;
      const cell = space.enter(names[key], limit);
      if (cell < 0) {
        if (held.length > 0) leave();
        continue;
      }
      if (cell >= cells) unshared++;
      worst = Math.max(worst, Atomics.add(counts, key, 1) + 1);
      entered++;
      held.push({ key, cell });
      if (held.length > 1) leave();
    }
    while (held.length > 0) leave();
    parentPort.postMessage({ entered, worst, unshared });
  });
`;

interface Hammering {
  readonly cells?: number;
  readonly keys: number;
  readonly limit: number;
  readonly rounds: number;
}

interface Result {
  readonly entered: number;
  readonly worst: number;
  readonly unshared: number;
}

/** Four threads, which wait for each other and begin together. */
async function start({ cells = 131_072, ...hammering }: Hammering) {
  requireBuild();
  const memory = CountTable.allocate({ cells, threads: threads + 1 });
  const gate = new SharedArrayBuffer(8);
  const inside = new SharedArrayBuffer(4 * hammering.keys);
  const workers = Array.from({ length: threads }, (_, column) => {
    const workerData = { built, memory, gate, inside, column, cells, ...hammering };
    const worker = new Worker(program, { eval: true, workerData });
    closeLater(() => worker.terminate());
    return worker;
  });
  const results = workers.map(worker => once(worker, 'message') as Promise<[Result]>);
  const word = new Int32Array(gate);
  for (let there = 0; there < threads; there = Atomics.load(word, 1)) {
    const waiting = Atomics.waitAsync(word, 1, there);
    if (waiting.async) await waiting.value;
  }
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  const main = new CountTable(memory, threads);
  const left = (): number[] => {
    const space = main.space('limit');
    return Array.from({ length: hammering.keys }, (_, key) => space.count(`client ${key}`));
  };
  return { workers, results, main, left };
}

/** What all threads together have done when they are at their end. */
async function hammer(hammering: Hammering): Promise<Result & { readonly left: number[] }> {
  const started = performance.now();
  const { results, left } = await start(hammering);
  const all = (await Promise.all(results)).map(([result]) => result);
  const entered = all.reduce((sum, one) => sum + one.entered, 0);
  const unshared = all.reduce((sum, one) => sum + one.unshared, 0);
  const worst = Math.max(...all.map(one => one.worst));
  const milliseconds = (performance.now() - started).toFixed(0);
  figure(`4 threads, ${hammering.keys} keys: ${entered} entered, at most ${worst} at once, in ${milliseconds} ms`);
  return { entered, worst, unshared, left: left() };
}

describe('four threads that share their counts', () => {
  it('are never more than the limit in at once, and none is left at the end', async () => {
    const { entered, worst, left } = await hammer({ keys: 1, limit: 7, rounds: 10_000 });
    expect([worst <= 7, left]).toEqual([true, [0]]);
    expect(entered).toBeGreaterThan(10_000);
  });

  it('find one place, and never two, when all ask for the last', async () => {
    const { entered, worst, left } = await hammer({ keys: 1, limit: 1, rounds: 10_000 });
    expect([worst, left, entered > 0]).toEqual([1, [0], true]);
  });

  it('keep each limit while they take the cells from each other, since there are more keys than cells', async () => {
    const keys = 40;
    const { worst, unshared, left } = await hammer({ cells: 16, keys, limit: 1, rounds: 4000 });
    expect([worst, unshared, left]).toEqual([1, 0, Array.from({ length: keys }, () => 0)]);
  });

  it('count what the others have, when one of them dies in the middle and is forgotten', async () => {
    const { workers, main, left } = await start({ keys: 3, limit: 5, rounds: 0 });
    const space = main.space('limit');
    const [dying, ...others] = workers;
    await dying!.terminate();
    main.forget(0);
    for (const [index, worker] of others.entries()) {
      await worker.terminate();
      main.forget(index + 1);
    }
    expect(left()).toEqual([0, 0, 0]);
    expect(Array.from({ length: 6 }, () => space.enter('client 0', 5) >= 0)).toEqual([
      ...Array.from({ length: 5 }, () => true),
      false,
    ]);
  });
});
