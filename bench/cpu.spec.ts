import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cpuBetween, parseStat, readCpu, readFamily, treeOf } from '#bench/cpu';

describe('CPU time', () => {
  it('is read past a process name with blanks and brackets', () => {
    const line = '4711 (a) b (c) S 42 4711 4711 0 -1 4194304 1 2 3 4 250 50 7 8 20 0 1 0 99 1 1';
    expect(parseStat(line)).toEqual({ pid: 4711, parent: 42, ticks: 300, endedTicks: 15 });
  });

  it('covers children and grandchildren, and no other processes', () => {
    const processes = [
      { pid: 30, parent: 20, ticks: 1, endedTicks: 0 },
      { pid: 10, parent: 1, ticks: 1, endedTicks: 0 },
      { pid: 20, parent: 10, ticks: 1, endedTicks: 0 },
      { pid: 40, parent: 1, ticks: 1, endedTicks: 0 },
    ];
    expect(treeOf(10, processes).map(one => one.pid)).toEqual([10, 20, 30]);
  });

  it('of this very process grows while it computes', () => {
    const before = readCpu(process.pid);
    let used = 0;
    // A busy machine may give it little of a second.
    for (const end = performance.now() + 10_000; used < 0.05 && performance.now() < end;) {
      for (const turn = performance.now() + 50; performance.now() < turn;);
      used = cpuBetween(before, readCpu(process.pid));
    }
    expect(used).toBeGreaterThanOrEqual(0.05);
    expect(used).toBeLessThan(60);
  });

  it('of a family has that of a child that has ended', () => {
    const before = readFamily(process.pid);
    const [own, childSeconds] = [readCpu(process.pid).seconds, 0.1];
    const code = `while (process.cpuUsage().user < ${childSeconds * 1e6});`;
    expect(spawnSync(process.execPath, ['--eval', code]).status).toBe(0);
    const grown = readFamily(process.pid) - before;
    expect(grown - (readCpu(process.pid).seconds - own)).toBeGreaterThan(childSeconds / 2);
  });

  it('is refused when a worker was replaced meanwhile', () => {
    const before = { pids: [1, 2], seconds: 5 };
    expect(() => cpuBetween(before, { pids: [1, 3], seconds: 6 })).toThrow(/started or ended/);
  });
});
