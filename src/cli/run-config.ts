import { noOrigin } from '../config/loading/config-error.js';
import type { KnownNames } from '../config/loading/checks/check.js';
import { buildConfig } from '../config/loading/load-config.js';
import { locate, noPositions, type Finding } from '../config/loading/findings.js';
import type { Problem } from '../config/loading/problem.js';
import type { LoadedConfig } from '../config/loading/compile.js';
import { builtInExtensions } from '../known-extensions.js';
import { loadFile } from './load-file.js';
import type { SelfSigned } from './self-signed.js';

/** Options of `gatehouse run`. */
export interface RunOptions {
  readonly config?: string;
  readonly to?: readonly string[];
  readonly port?: number;
  readonly adminPort?: number;
  readonly strategy?: string;
  readonly tls?: boolean;
  readonly takeOver?: boolean;
  /** Files with modules of one's own. */
  readonly extension?: readonly string[];
}

/**
 * The configuration of `gatehouse run` for these options and environment; a text says why they contradict each other. @throws
 * ConfigError for a bad file.
 */
export function configToRun(
  { config, to = [], port, adminPort, strategy }: RunOptions,
  env: NodeJS.ProcessEnv,
  selfSigned?: SelfSigned,
  known: KnownNames = builtInExtensions,
): LoadedConfig | string {
  if (to.length > 0) {
    if (config !== undefined) return '--to and --config exclude each other: put the backends into the file.';
    const upstreams = { default: { backends: [...to], ...(strategy !== undefined && { strategy }) } };
    const admin = adminPort === undefined ? {} : { admin: { port: adminPort } };
    const built = buildConfig({ ...listenersOf(port, selfSigned), ...admin, upstreams }, known);
    return { config: built, warnings: [], problemAt: noPlace, ...noOrigin };
  }
  if (port !== undefined || adminPort !== undefined || strategy !== undefined)
    return '--port, --admin-port and --strategy go with --to; with a file they stand in the file.';
  const file = config ?? env['GATEWAY_CONFIG'];
  if (file === undefined || file === '') {
    return 'nothing to run: name a file with --config or GATEWAY_CONFIG, or backends with --to (or try "gatehouse demo").';
  }
  return loadFile(file, env, known);
}

function noPlace(finding: Finding): Problem {
  return locate([finding], noPositions)[0]!;
}

function listenersOf(port: number | undefined, selfSigned: SelfSigned | undefined): object {
  if (selfSigned === undefined) return port === undefined ? {} : { listeners: [{ port }] };
  const { cert, key } = selfSigned;
  return { listeners: [{ port: port ?? 8443, tls: { certificates: [{ cert, key }] } }] };
}
