import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Logger as Pino } from 'pino';
import type { DynamicModule } from '@nestjs/common';
import { createGateway, type StandaloneGateway } from '../standalone.js';
import { isExpiryWarning } from '../tls/key-pair.js';
import type { LoadedConfig } from '../config/loading/compile.js';
import { PINO } from '../logging/logging.module.js';
import { version } from '../version.js';
import { exitCode } from './exit-code.js';
import type { LoadedExtensions } from './extension-files.js';
import { ConfigSource } from '../process/config-source.js';
import { LogFiles } from '../process/log-files.js';
import { Succession, SuccessionModule, type Predecessor } from '../process/succession.js';
import { canSharePorts } from '../listeners/port-sharing.js';
import { RunningGateway } from './running-gateway.js';
import { Signals } from '../process/signals.js';
import { WorkersModule } from '../workers/workers.module.js';
import { workerCount } from '../workers/worker-count.js';
import { packageRoot } from '../package-root.js';

/** How a gateway is run. */
interface ServeOptions {
  /** Called once everything listens. */
  readonly started?: (gateway: StandaloneGateway) => void;
  /** Reads the configuration again, if it came from a file: when the file changes, with SIGHUP, and when `gatehouse reload` asks for it. Throws a ConfigError. */
  readonly reload?: (() => LoadedConfig) | undefined;
  /** The gateway runs already, perhaps: listen beside it, and then have it end. */
  readonly takesOver?: boolean;
  /** Modules of the user, and the files that they came from, which worker threads load for themselves. Default: none. */
  readonly extensions?: { readonly files: readonly string[]; readonly imports: LoadedExtensions['imports'] };
}

/**
 * Runs a gateway until SIGTERM, SIGINT or SIGQUIT, with the warnings of its configuration in its log. The signal ends the
 * gateway gracefully, and then the process; a second signal ends the process at once. Rejects when the
 * gateway cannot start.
 */
export async function serve(
  loaded: LoadedConfig,
  { started = () => {}, reload, takesOver = false, extensions = { files: [], imports: [] } }: ServeOptions = {},
): Promise<never> {
  const { config, warnings } = loaded;
  const signals = new Signals();
  const { warning, workers } = workerCount(config.workers);
  const predecessor = takesOver ? await RunningGateway.find(config.admin) : undefined;
  const parts = partsOf(workers, predecessor, extensions.files);
  const gateway = await createGateway(config, { ...parts, imports: [...parts.imports, ...extensions.imports] });
  const source = gateway.app.get(ConfigSource);
  const log = gateway.app.get<Pino>(PINO);
  for (const { file, line, column, path, message } of warnings) {
    if (!isExpiryWarning(message)) log.warn({ file, line, column, path }, message);
  }
  if (warning !== undefined) log.warn(warning);
  const stopped = new Promise<number>((resolve, reject) => {
    const stop = (code: number): void => void gateway.stop().then(() => resolve(code), reject);
    const again = reload && ((): void => void source.reload());
    const files = gateway.app.get(LogFiles);
    signals.attach(
      log,
      () => stop(exitCode.ok),
      again,
      () => files.reopen(),
    );
    // Where ports cannot be shared, no successor can listen on them.
    if (canSharePorts()) {
      const end = (): void => {
        log.info('ending: a successor listens');
        void gateway.stop(undefined, 0).then(() => resolve(exitCode.ok), reject);
      };
      gateway.app.get(Succession).onHandOver(() => signals.beginEnd(), end);
    }
    // A bug: exchanges in flight may end, then a supervisor starts a fresh process.
    process.on('uncaughtException', error => {
      process.stderr.write(`gatehouse: ${error.stack ?? error.message}\n`);
      if (signals.beginEnd()) stop(exitCode.internal);
    });
  });
  await gateway.start();
  if (reload !== undefined) source.follow(reload, loaded);
  const { routes, upstreams } = config;
  log.info({ version, file: loaded.files[0], routes: routes.length, upstreams: upstreams.size, workers }, 'started');
  started(gateway);
  // The log has been flushed or has timed out: a reader that has stopped reading must not keep the process alive.
  process.exit(await stopped);
}

/** What makes the application that of the program: the ports that it shares, and its worker threads. */
function partsOf(
  count: number,
  predecessor: Predecessor | undefined,
  extensions: readonly string[],
): { readonly imports: DynamicModule[]; readonly instance?: string } {
  const sharing = canSharePorts() ? [SuccessionModule.forRoot(predecessor)] : [];
  if (count === 1) return { imports: sharing };
  const instance = randomBytes(6).toString('hex');
  const bundled = join(packageRoot, 'dist', 'bundle', 'worker.mjs');
  // Extensions share the single files of the package.
  const isBundled = extensions.length === 0 && existsSync(bundled);
  const entry = pathToFileURL(isBundled ? bundled : join(packageRoot, 'dist', 'worker.js'));
  const threads = WorkersModule.forRoot({ count, entry, instance, beside: predecessor !== undefined, extensions });
  return { instance, imports: [...sharing, threads] };
}
