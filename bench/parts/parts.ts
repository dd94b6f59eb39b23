import { measureWork } from '#bench/parts/contest';
import { measureLatency } from '#bench/parts/latency';
import { measureMemory } from '#bench/parts/memory';
import type { Part } from '#bench/parts/scene';
import { measureStartUp } from '#bench/parts/start-up';
import { works } from '#bench/work';

/** All parts of a run, in their order: each kind of traffic, and then what is no price of a request. */
export const parts: ReadonlyMap<string, Part> = new Map<string, Part>([
  ...Object.entries(works).map(([name, work]): [string, Part] => [name, scene => measureWork(work, scene)]),
  ['latency', measureLatency],
  ['start-up', measureStartUp],
  ['memory', measureMemory],
]);
