import type { LoadedConfig } from '../config/loading/compile.js';
import type { StandaloneGateway } from '../standalone.js';
import { serve } from './serve.js';
import { exitCode } from './exit-code.js';
import { loadExtensions } from './extension-files.js';
import { configToRun, type RunOptions } from './run-config.js';
import type { SelfSigned } from './self-signed.js';

/** `gatehouse run`: serves until a signal ends it. */
export async function run(options: RunOptions): Promise<number> {
  const { to = [], tls = false, config: file } = options;
  if (tls && (to.length === 0 || file !== undefined)) {
    return usage('--tls goes with --to; with a file the certificates stand in the file.');
  }
  const selfSigned = tls ? await (await import('./self-signed.js')).makeSelfSigned() : undefined;
  const { imports, known } = await loadExtensions(options.extension);
  const load = (): LoadedConfig | string => configToRun(options, process.env, selfSigned, known);
  const loaded = load();
  if (typeof loaded === 'string') return usage(loaded);
  return serve(loaded, {
    takesOver: options.takeOver === true,
    extensions: { files: options.extension ?? [], imports },
    ...(selfSigned !== undefined && { started: gateway => introduce(gateway, selfSigned) }),
    ...(to.length === 0 && { reload: load as () => LoadedConfig }),
  });
}

/** Writes to standard error, because standard output is for the log. */
function introduce(gateway: StandaloneGateway, { cert, fingerprint }: SelfSigned): void {
  const url = `${gateway.addresses[0]!.url.replace(/\/\/.*:/, '//localhost:')}/`;
  process.stderr.write(`
Gatehouse serves ${url} with a certificate that it has made for this run.
Its SHA-256 fingerprint: ${fingerprint}
Try it:

  curl --cacert ${cert} ${url}

`);
}

function usage(message: string): number {
  process.stderr.write(`gatehouse: ${message}\n`);
  return exitCode.usage;
}
