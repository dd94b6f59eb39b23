import { buildConfig, loadConfig } from '../config/load-config.js';
import type { LoadedConfig } from '../config/load/compile.js';
import type { Gateway } from '../gateway.js';
import { serve } from './serve.js';
import { exitCode } from './exit-code.js';
import { knownNames } from './known-names.js';
import type { SelfSigned } from './self-signed.js';

/** Options of `gatehouse run`. */
export interface RunOptions {
  readonly config?: string;
  readonly to?: readonly string[];
  readonly port?: number;
  readonly strategy?: string;
  readonly tls?: boolean;
}

/** `gatehouse run`: serves until it is told to stop. */
export async function run(options: RunOptions): Promise<number> {
  const { to = [], tls = false, config: file } = options;
  if (tls && (to.length === 0 || file !== undefined)) {
    return usage('--tls goes with --to; with a file the certificates stand in the file.');
  }
  const selfSigned = tls ? await (await import('./self-signed.js')).makeSelfSigned() : undefined;
  const loaded = configOf(options, selfSigned);
  if (typeof loaded === 'string') return usage(loaded);
  return serve(loaded, selfSigned && (gateway => introduce(gateway, selfSigned)));
}

/** On standard error: standard output is the log's. */
function introduce(gateway: Gateway, { cert, fingerprint }: SelfSigned): void {
  const url = `https://localhost:${gateway.listeners[0]!.port}/`;
  process.stderr.write(`
Gatehouse serves ${url} with a certificate that it has made for this run.
Its SHA-256 fingerprint: ${fingerprint}
Try it:

  curl --cacert ${cert} ${url}

`);
}

function configOf(
  { config, to = [], port, strategy }: RunOptions,
  selfSigned: SelfSigned | undefined,
): LoadedConfig | string {
  if (to.length > 0) {
    if (config !== undefined) return '--to and --config exclude each other: put the backends into the file.';
    const upstreams = { default: { backends: [...to], ...(strategy !== undefined && { strategy }) } };
    return { config: buildConfig({ ...listenersOf(port, selfSigned), upstreams }, knownNames), warnings: [] };
  }
  if (port !== undefined || strategy !== undefined)
    return '--port and --strategy go with --to; with a file they stand in the file.';
  const file = config ?? process.env['GATEWAY_CONFIG'];
  if (file === undefined || file === '') {
    return 'nothing to run: name a file with --config or GATEWAY_CONFIG, or backends with --to (or try "gatehouse demo").';
  }
  return loadConfig(file, process.env, knownNames);
}

function listenersOf(port: number | undefined, selfSigned: SelfSigned | undefined): object {
  if (selfSigned === undefined) return port === undefined ? {} : { listeners: [{ port }] };
  const { cert, key } = selfSigned;
  return { listeners: [{ port: port ?? 8443, tls: { certificates: [{ cert, key }] } }] };
}

function usage(message: string): number {
  process.stderr.write(`gatehouse: ${message}\n`);
  return exitCode.usage;
}
