import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { readCpu } from '#bench/cpu';

function residentOfOne(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]);
}

/** The memory that a process and its descendants hold (`VmRSS`), in KiB. What they share counts for each of them. */
export function residentKiB(root: number): number {
  return readCpu(root).pids.reduce((sum, pid) => sum + residentOfOne(pid), 0);
}

/** The same once it grows no more: garbage is still collected for a while. Waits for at least two seconds, and for ten at most. */
export async function settledKiB(pid: number): Promise<number> {
  let last = residentKiB(pid);
  for (let second = 0, quiet = 0; second < 10 && quiet < 2; second++) {
    await pause(1000);
    const now = residentKiB(pid);
    quiet = Math.abs(now - last) < 256 ? quiet + 1 : 0;
    last = now;
  }
  return last;
}
