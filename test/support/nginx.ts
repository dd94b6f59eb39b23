import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refusedPort } from './backend.js';
import { Child } from './child.js';
import { eventually } from './poll.js';
import { requireTool } from './require-tool.js';
import { closeLater } from './cleanup.js';
import { tempFolder } from './temp.js';

/** What an nginx serves. */
export interface NginxOptions {
  /** Folder whose files it serves. Default: an empty one of its own. */
  readonly root?: string;
  /** Directives for its `server { }`, such as `location / { return 200 "hello"; }`. */
  readonly server?: string;
  /** Directives for its `http { }`: limits, maps, further servers. */
  readonly http?: string;
}

/** A real nginx on loopback, with everything it writes in a temporary folder. Stopped when the test has finished. */
export class Nginx {
  constructor(
    readonly port: number,
    /** Its prefix: `nginx.conf`, `access.log`, `error.log`. */
    readonly folder: string,
    private readonly child: Child,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Lines of its access log (format `combined`) so far. */
  async accessLog(): Promise<string[]> {
    return (await readFile(join(this.folder, 'access.log'), 'utf8')).split('\n').filter(line => line !== '');
  }

  async errorLog(): Promise<string> {
    return readFile(join(this.folder, 'error.log'), 'utf8');
  }

  /** Ends it: `SIGQUIT` lets requests finish, `SIGTERM` (the default) does not. */
  async stop(signal: 'SIGTERM' | 'SIGQUIT' = 'SIGTERM'): Promise<void> {
    await this.child.stop(signal);
  }
}

/**
 * Starts an nginx and waits until it listens. Skips the test or suite when nginx is not installed (see `requireTool`).
 * @throws Error with nginx's own words when it refuses its configuration.
 */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  const path = requireTool('nginx');
  const folder = await tempFolder();
  const root = options.root ?? join(folder, 'html');
  await mkdir(root, { recursive: true });
  // nginx cannot listen on port 0: take a port that was just free, and another one when another process has taken it.
  for (let attempt = 1; ; attempt += 1) {
    const port = await refusedPort();
    await writeFile(join(folder, 'nginx.conf'), configuration(folder, root, port, options));
    const child = new Child(path, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]);
    const started = await eventually(() => existsSync(join(folder, 'nginx.pid')) || child.exit !== undefined, {
      what: 'nginx listening',
    });
    if (started && child.exit === undefined) {
      const nginx = new Nginx(port, folder, child);
      // Its master must end its worker, which a kill of the master alone would leave behind.
      closeLater(() => nginx.stop());
      return nginx;
    }
    const taken = /bind\(\).*Address already in use/.test(child.stderr);
    if (!taken || attempt === 5) throw new Error(`nginx did not start:\n${child.stderr}`);
  }
}

function configuration(folder: string, root: string, port: number, { server = '', http = '' }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  types { text/html html; text/css css; text/javascript js; application/json json; text/plain txt; image/svg+xml svg; }
  default_type application/octet-stream;
  access_log ${folder}/access.log;
  ${temporary.map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${http}
  server {
    listen 127.0.0.1:${port};
    root ${root};
    ${server}
  }
}
`;
}
