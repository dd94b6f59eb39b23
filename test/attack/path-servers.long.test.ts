import { mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import fastify from 'fastify';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusedPort } from '../support/backend.js';
import { Child } from '../support/child.js';
import { closeLater } from '../support/cleanup.js';
import { rawRequest } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { startNginx } from '../support/nginx.js';
import { adminSpellings } from '../support/path-spellings.js';
import { eventually } from '../support/poll.js';
import { findTool } from '../support/require-tool.js';
import { tempFolder } from '../support/temp.js';

const secret = 'the secret of the administrators';

/** Starts a server whose pages below `/admin` hold the secret; gives its port. Undefined: its program is not installed. */
type Start = (root: string) => Promise<number | undefined>;

/** Waits until a server of another program answers. */
async function answers(port: number, child: Child): Promise<number> {
  closeLater(() => child.stop());
  await eventually(async () => (await rawRequest(port, get('/'))).status > 0, { what: 'an answer', deadline: 20_000 });
  return port;
}

const get = (path: string, host = 'a.example'): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

async function listening(server: http.Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => new Promise(resolve => server.close(resolve)));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const startNode =
  (read: (target: string) => string): Start =>
  () =>
    listening(
      http.createServer((request, response) => {
        let path = '';
        try {
          path = read(request.url!);
        } catch {
          // Not for it.
        }
        response.end(/^\/admin(\/|$)/.test(path) ? secret : 'open');
      }),
    );

const startPhp =
  (read: string): Start =>
  async root => {
    const php = findTool('php');
    if (php === undefined) return undefined;
    const script = join(root, `router-${read.length}.php`);
    await writeFile(
      script,
      `<?php $p = ${read}; echo preg_match('#^/admin(/|$)#', (string) $p) ? '${secret}' : 'open';`,
    );
    const port = await refusedPort();
    return answers(port, new Child(php, ['-S', `127.0.0.1:${port}`, '-t', root, script]));
  };

const startApache =
  (slashes: string): Start =>
  async root => {
    const apache = findTool('apache2');
    if (apache === undefined) return undefined;
    const folder = await tempFolder();
    const port = await refusedPort();
    const modules = ['mpm_event', 'authz_core', 'dir'].map(
      name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
    );
    const lines = [
      `ServerRoot ${folder}`,
      `PidFile ${folder}/pid`,
      `ErrorLog ${folder}/error.log`,
      `Listen 127.0.0.1:${port}`,
    ];
    lines.push('ServerName a.example', ...modules, `DocumentRoot ${root}`, `AllowEncodedSlashes ${slashes}`);
    lines.push(`<Directory />\nRequire all granted\n</Directory>`, 'DirectoryIndex index.html');
    await writeFile(join(folder, 'httpd.conf'), `${lines.join('\n')}\n`);
    return answers(port, new Child(apache, ['-f', join(folder, 'httpd.conf'), '-X']));
  };

const servers: Record<string, Start> = {
  'new URL(request.url, base)': startNode(target => new URL(target, 'http://a').pathname),
  'new URL, decoded': startNode(target => decodeURIComponent(new URL(target, 'http://a').pathname)),
  Fastify: async () => {
    const app = fastify();
    for (const path of ['/admin', '/admin/*']) app.get(path, () => secret);
    app.get('/*', () => 'open');
    await app.listen({ port: 0, host: '127.0.0.1' });
    closeLater(() => app.close());
    return (app.server.address() as { port: number }).port;
  },
  nginx: async root => (findTool('nginx') === undefined ? undefined : (await startNginx({ root })).port),
  Apache: startApache('On'),
  'Apache that keeps %2F': startApache('NoDecode'),
  'http.server of Python': async root => {
    const python = findTool('python3');
    if (python === undefined) return undefined;
    const port = await refusedPort();
    return answers(
      port,
      new Child(python, ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', root]),
    );
  },
  'parse_url of PHP': startPhp("rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH))"),
  'a PHP application': startPhp("rawurldecode(strtok($_SERVER['REQUEST_URI'], '?'))"),
};

const names = Object.keys(servers);
const hostOf = (name: string): string => `s${names.indexOf(name)}.example`;
const path = { dotSegments: 'keep', backslash: 'keep' };

describe('a protected path before', () => {
  const ports = new Map<string, number>();
  let gateway: InProcessGateway;

  beforeAll(async () => {
    const root = await tempFolder();
    await mkdir(join(root, 'admin'));
    await mkdir(join(root, 'public'));
    for (const file of ['admin/index.html', 'admin/users']) await writeFile(join(root, file), secret);
    await writeFile(join(root, 'public/x'), 'open');
    for (const [name, start] of Object.entries(servers)) {
      const port = await start(root);
      if (port !== undefined) ports.set(name, port);
    }
    const running = [...ports];
    const route = (name: string, match: string, security: object): object => ({
      name: `${name} ${match}`,
      match: { hosts: [hostOf(name)], path: match },
      upstream: hostOf(name),
      security: { validation: { path }, ...security },
    });
    gateway = await startInProcess({
      upstreams: Object.fromEntries(
        running.map(([name, port]) => [
          hostOf(name),
          { backends: [`http://127.0.0.1:${port}`], retries: { attempts: 0 }, circuitBreaker: { enabled: false } },
        ]),
      ),
      routes: running.flatMap(([name]) => [
        route(name, '/admin/*', { ipFilter: { allow: ['192.0.2.0/24'] } }),
        route(name, '/*', {}),
      ]),
    });
  }, 120_000);

  it.each(names)(
    '%s is protected in all spellings that this server takes for it',
    async name => {
      const port = ports.get(name);
      if (port === undefined) return;
      const taken: string[] = [];
      const passed: string[] = [];
      for (const spelling of adminSpellings()) {
        if (!(await rawRequest(port, get(spelling))).text.includes(secret)) continue;
        taken.push(spelling);
        const { text } = await rawRequest(gateway.port, get(spelling, hostOf(name)));
        if (text.includes(secret)) passed.push(spelling);
      }
      expect(passed).toEqual([]);
      // It is one of the servers that take more than one spelling: the test has seen something.
      expect(taken.length).toBeGreaterThan(10);
    },
    600_000,
  );
});
