import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Certificate } from '#bench/certificate';
import { nodeBinary, projectRoot } from '#bench/machine';
import type { Setting, Subject } from '#bench/subjects/subject';

/** What a gateway under test may have beyond the defaults. */
export interface GatehouseOptions {
  /** Number of routes `/r0/*` … instead of none. */
  readonly routes?: number;
  /** Requests that may wait for a connection to a backend; the default where absent. */
  readonly queue?: number;
  /** The block `security`; the default where absent. */
  readonly security?: object;
}

const tlsOf = ({ certFile, keyFile }: Certificate): object => ({ certificates: [{ cert: certFile, key: keyFile }] });

/** The configuration of a gateway under test: the default chain (access log, metrics, breaker, retries), one worker. */
export function gatewayConfig(
  { port, certificate, backends }: Setting,
  { routes = 0, queue, security }: GatehouseOptions = {},
): string {
  return stringify({
    listeners: [{ host: '127.0.0.1', port, ...(certificate !== undefined && { tls: tlsOf(certificate) }) }],
    admin: { host: '127.0.0.1', port: 0 },
    workers: 1,
    ...(security !== undefined && { security }),
    upstreams: {
      app: {
        backends: backends.map(backend => `http://${backend}`),
        ...(queue !== undefined && { connections: { queue, queueTimeout: '30s' } }),
      },
    },
    ...(routes > 0 && {
      routes: Array.from({ length: routes }, (_, route) => ({ match: { path: `/r${route}/*` }, upstream: 'app' })),
    }),
  });
}

/** Finds the program of a gateway build: a file, or a folder that holds `main.js` or `dist/main.js`. */
export function findBuild(place: string): string | undefined {
  const path = resolve(place);
  const candidates = [join(path, 'dist/main.js'), join(path, 'main.js'), path.endsWith('.js') ? path : ''];
  return candidates.find(candidate => candidate !== '' && existsSync(candidate));
}

function versionNear(build: string): string {
  const files = [join(build, '../../package.json'), join(projectRoot, 'package.json')];
  const file = files.find(existsSync);
  if (file === undefined) return 'unknown version';
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string };
  return version ?? 'unknown version';
}

/** A build of this gateway. The place is the project itself unless two builds are compared. */
export function gatehouse(name = 'gatehouse', place = projectRoot, options: GatehouseOptions = {}): Subject {
  const build = findBuild(place);
  return {
    name,
    protocols: ['http', 'https', 'h2', 'websocket', 'events'],
    version: () => (build === undefined ? undefined : versionNear(build)),
    prepare: setting => {
      if (build === undefined) throw new Error(`${name} is not built: run npm run build first`);
      const file = join(setting.folder, 'gateway.yaml');
      writeFileSync(file, gatewayConfig(setting, options));
      return { file: nodeBinary, args: [build, 'run', '--config', file] };
    },
    ...(build !== undefined && { help: () => ({ file: nodeBinary, args: [build, '--help'] }) }),
  };
}
