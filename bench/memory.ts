import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The memory that a process holds (`VmRSS`), in KiB. */
export function residentKiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]);
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
