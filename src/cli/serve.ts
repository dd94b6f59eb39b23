import { constants } from 'node:os';
import { createGateway, type Gateway } from '../gateway.js';
import type { GatewayConfig } from '../config/gateway.config.js';
import { exitCode } from './exit-code.js';

/**
 * Runs a gateway until SIGTERM or SIGINT, then ends it gracefully, and the process with it; a second signal ends the process
 * at once. `started` is called once everything listens. Rejects when the gateway cannot start.
 */
export async function serve(config: GatewayConfig, started: (gateway: Gateway) => void = () => {}): Promise<never> {
  const gateway = await createGateway(config);
  const stopped = new Promise<number>((resolve, reject) => {
    let stopping = false;
    const stop = (code: number): void => {
      stopping = true;
      gateway.stop().then(() => resolve(code), reject);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(128 + constants.signals[signal]);
        stop(exitCode.ok);
      });
    }
    // A bug: what is in flight may end, then a supervisor starts a fresh process.
    process.on('uncaughtException', error => {
      process.stderr.write(`gatehouse: ${error.stack ?? error.message}\n`);
      if (!stopping) stop(exitCode.internal);
    });
  });
  await gateway.start();
  started(gateway);
  // The log has had its time to be written: a reader that has stopped reading must not keep the process alive.
  process.exit(await stopped);
}
