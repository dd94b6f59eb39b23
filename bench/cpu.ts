import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel says of one process, with times in clock ticks. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** The CPU time of all its threads, ended ones included. */
  readonly ticks: number;
  /** The CPU time of its children that have ended, and of theirs. */
  readonly endedTicks: number;
}

/** Reads one line of `/proc/PID/stat` (proc(5)). The name in brackets may itself hold blanks and brackets. */
export function parseStat(line: string): ProcessTimes {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  // Counted from the field after the name: 1 = parent, 11 = utime, 12 = stime, 13 = cutime, 14 = cstime.
  return {
    pid: Number.parseInt(line, 10),
    parent: Number(fields[1]),
    ticks: Number(fields[11]) + Number(fields[12]),
    endedTicks: Number(fields[13]) + Number(fields[14]),
  };
}

/** Picks the process and all its descendants. */
export function treeOf(root: number, processes: readonly ProcessTimes[]): ProcessTimes[] {
  const tree = processes.filter(one => one.pid === root);
  for (const parent of tree) tree.push(...processes.filter(one => one.parent === parent.pid && one.pid !== root));
  return tree;
}

function allProcesses(): ProcessTimes[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        return [parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))];
      } catch {
        return []; // it ended between the two reads
      }
    });
}

const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;

/** The CPU time that a process and its descendants have used so far. */
export interface CpuReading {
  readonly pids: readonly number[];
  readonly seconds: number;
}

/** Reads the CPU time (user and system) of a process tree. */
export function readCpu(root: number): CpuReading {
  const tree = treeOf(root, allProcesses());
  return {
    pids: tree.map(one => one.pid).sort((a, b) => a - b),
    seconds: tree.reduce((sum, one) => sum + one.ticks, 0) / ticksPerSecond,
  };
}

/** Seconds of CPU time that a process, its descendants and those of them that have ended have used so far. */
export function readFamily(root: number): number {
  const tree = treeOf(root, allProcesses());
  return tree.reduce((sum, one) => sum + one.ticks + one.endedTicks, 0) / ticksPerSecond;
}

/** Seconds of CPU time between two readings. Throws when a process of the tree came or went, since its time would be lost. */
export function cpuBetween(before: CpuReading, after: CpuReading): number {
  if (before.pids.join() !== after.pids.join()) throw new Error('a process was started or ended while being measured');
  return after.seconds - before.seconds;
}

/** Seconds that one core has been busy so far, for all processes (`/proc/stat`, all columns but idle and iowait). */
export function readCore(core: number): number {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find(one => one.startsWith(`cpu${core} `));
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? '')
    .split(' ')
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}
