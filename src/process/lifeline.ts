import { Socket } from 'node:net';

/** Name of the variable in which the command tells the descriptor of the lifeline to the process that it starts. */
export const lifelineVariable = 'GATEHOUSE_LIFELINE';

/**
 * Ends this process with the one that started it, however that one ends: a process that was killed cannot pass that on, but the system
 * closes its end of the pipe between the two. Without effect on a process that was started otherwise.
 */
export function dieWithStarter(env: NodeJS.ProcessEnv = process.env): void {
  const descriptor = Number(env[lifelineVariable] ?? Number.NaN);
  Reflect.deleteProperty(env, lifelineVariable);
  if (!Number.isInteger(descriptor)) return;
  const end = (): never => {
    process.stderr.write('gatehouse: the process that started this one is gone\n');
    process.exit(1);
  };
  try {
    new Socket({ fd: descriptor, readable: true, writable: false }).on('error', end).on('close', end).resume().unref();
  } catch {
    // A variable that was left over: there is no such descriptor.
  }
}
