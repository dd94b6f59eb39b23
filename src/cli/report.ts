import { ConfigError } from '../config/loading/config-error.js';
import { ExtensionError } from '../extension/extension-error.js';
import { RouteError } from '../routing/route-error.js';
import { StartError } from '../listeners/start-error.js';
import { exitCode } from './exit-code.js';

/** Writes to standard error why the program cannot go on; the stack is shown only for bugs of the program. Returns the exit code. */
export function report(error: unknown): number {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return exitCode.invalidConfig;
  }
  if (error instanceof ExtensionError || error instanceof RouteError) {
    process.stderr.write(`gatehouse: ${error.message}\n`);
    return exitCode.invalidConfig;
  }
  if (error instanceof StartError) {
    process.stderr.write(`gatehouse: ${error.message}\n`);
    return exitCode.cannotStart;
  }
  process.stderr.write(`gatehouse: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCode.internal;
}
