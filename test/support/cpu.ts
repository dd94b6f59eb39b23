import { readFileSync } from 'node:fs';

declare module 'vitest' {
  interface TaskMeta {
    /** Seconds of CPU that a test file took, with the programs that it ran and that have ended. */
    cpu?: number;
  }
}

/** Clock ticks a second, in which Linux counts. */
const ticks = 100;

/** Seconds of CPU that this process and its children that have ended took so far; without the children where there is no /proc. */
export function cpuSeconds(): number {
  try {
    // The name of the program, in parentheses, may hold spaces; utime, stime, cutime and cstime are fields 14 to 17 (proc(5)).
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticks;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}
