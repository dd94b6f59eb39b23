import { Socket } from 'node:net';

/** Name of the environment variable that holds the descriptor of the lifeline; the command sets it for the process that it starts. */
const lifelineVariable = 'GATEHOUSE_LIFELINE';

/**
 * Ends this process when the process that started it ends in any way. A process that is killed cannot pass a signal on, but the
 * system closes its end of the pipe between the two. Without effect when the variable is not set.
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
    // The variable was inherited from elsewhere: there is no such descriptor.
  }
}
