import { availableParallelism } from 'node:os';
import { canSharePorts } from '../listeners/port-sharing.js';
import { mostThreads } from '../upstream/load/load-memory.js';

/** How many worker threads carry the traffic. 1: none, the main thread does. */
export interface WorkerCount {
  readonly workers: number;
  /** Why there are not as many as the configuration asks for, or undefined. */
  readonly warning: string | undefined;
}

/** `asked`: `workers` of the configuration; `auto` is one for each core that the process may use. */
export function workerCount(
  asked: 'auto' | number,
  cores = availableParallelism(),
  platform: NodeJS.Platform = process.platform,
): WorkerCount {
  const most = mostThreads - 1;
  const wanted = Math.min(asked === 'auto' ? cores : asked, most);
  if (wanted === 1 || canSharePorts(platform)) {
    const isLess = asked !== 'auto' && asked > most;
    return {
      workers: wanted,
      warning: isLess ? `workers: ${most} run, which is the most, and not ${asked}` : undefined,
    };
  }
  const warning = `workers: ${platform} does not let several threads listen on one port (SO_REUSEPORT): one thread carries the traffic`;
  return { workers: 1, warning: asked === 'auto' ? undefined : warning };
}
