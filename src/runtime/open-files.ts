import { readFileSync } from 'node:fs';

/** Descriptors that are kept for everything but exchanges: logs, listeners, probes, the admin side. */
const reserve = 64;

/**
 * Connections that clients may have open before the process runs out of descriptors: each of them may need one to a backend as well. Infinity
 * where the system does not tell its limit (it does on Linux).
 */
export function mostConnections(limits: () => string = readLimits): number {
  const most = /^Max open files\s+(\d+)/m.exec(limits())?.[1];
  return most === undefined ? Infinity : Math.max(1, Math.floor((Number(most) - reserve) / 2));
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
