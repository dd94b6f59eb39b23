import { buildConfig, loadConfig } from '../config/load-config.js';
import type { GatewayConfig } from '../config/gateway.config.js';
import { serve } from './serve.js';
import { exitCode } from './exit-code.js';

/** Options of `gatehouse run`. */
export interface RunOptions {
  readonly config?: string;
  readonly to: readonly string[];
  readonly port?: number;
  readonly strategy?: string;
}

/** `gatehouse run`: serves until it is told to stop. */
export async function run(options: RunOptions): Promise<number> {
  const config = configOf(options);
  return typeof config === 'string' ? usage(config) : serve(config);
}

function configOf({ config, to, port, strategy }: RunOptions): GatewayConfig | string {
  if (to.length > 0) {
    if (config !== undefined) return '--to and --config exclude each other: put the backends into the file.';
    return buildConfig({
      ...(port !== undefined && { listeners: [{ port }] }),
      upstreams: { default: { backends: [...to], ...(strategy !== undefined && { strategy }) } },
    });
  }
  if (port !== undefined || strategy !== undefined)
    return '--port and --strategy go with --to; with a file they stand in the file.';
  const file = config ?? process.env['GATEWAY_CONFIG'];
  if (file === undefined || file === '') {
    return 'nothing to run: name a file with --config or GATEWAY_CONFIG, or backends with --to (or try "gatehouse demo").';
  }
  return loadConfig(file, process.env).config;
}

function usage(message: string): number {
  process.stderr.write(`gatehouse: ${message}\n`);
  return exitCode.usage;
}
