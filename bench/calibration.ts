import { join } from 'node:path';
import { nodeBinary, type Machine } from '#bench/machine';
import type { Stage } from '#bench/stage';

const program = join(import.meta.dirname, 'load/fixed-work.ts');

/**
 * Milliseconds that a fixed piece of work, which only computes, takes on the proxy's core. It takes longer when another
 * program uses the core, and when the core itself is slower: a virtual machine's neighbours show nowhere else.
 */
export async function calibrate(stage: Stage, machine: Machine): Promise<number> {
  const running = stage.start('calibration', machine.pin('proxy', { file: nodeBinary, args: [program] }));
  return Number(await running.finished());
}
