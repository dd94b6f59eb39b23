import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import fastify from 'fastify';
import { join } from 'node:path';
import { refusedPort } from './backend.js';
import { Child } from './child.js';
import { closeLater } from './cleanup.js';
import { startNginx } from './nginx.js';
import { eventually } from './poll.js';
import { requireTool } from './require-tool.js';
import { tempFolder } from './temp.js';

/** Servers that people have behind a gateway, by what has to be installed for each; all serve an empty folder, or a few words. */
export const realServers = [
  'nginx',
  'apache2',
  'lighttpd',
  'php',
  'python3',
  'haproxy',
  'caddy',
  'node',
  'fastify',
] as const;

/**
 * Starts one on loopback, and gives its URL. Stopped when the test has finished. Skips the test where it is not installed
 * (see `requireTool`).
 */
export async function startRealServer(name: (typeof realServers)[number]): Promise<string> {
  if (name === 'node') return startNode();
  if (name === 'fastify') return startFastify();
  if (name === 'nginx') return (await startNginx()).url;
  const path = requireTool(name);
  const folder = await tempFolder();
  await mkdir(join(folder, 'html'));
  const port = await refusedPort();
  const child = new Child(path, await argumentsOf[name](folder, port));
  closeLater(() => child.stop('SIGTERM'));
  await eventually(() => isListening(port), { what: `${name} listening` });
  return `http://127.0.0.1:${port}`;
}

async function startNode(): Promise<string> {
  const server = createServer((_request, response) => response.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

async function startFastify(): Promise<string> {
  const server = fastify({ logger: false });
  server.get('/', () => 'fastify');
  closeLater(() => server.close());
  return server.listen({ host: '127.0.0.1', port: 0 });
}

const argumentsOf = {
  apache2: async (folder: string, port: number): Promise<string[]> => {
    const module = (one: string): string => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`;
    const asRoot = process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : '';
    const file = join(folder, 'apache2.conf');
    await writeFile(
      file,
      `ServerName localhost\nPidFile ${folder}/pid\nListen 127.0.0.1:${port}\nErrorLog ${folder}/error.log\nDocumentRoot ${folder}/html
${['mpm_event', 'authz_core'].map(module).join('\n')}\n${asRoot}\nStartServers 1\n`,
    );
    return ['-d', folder, '-f', file, '-DFOREGROUND'];
  },
  lighttpd: async (folder: string, port: number): Promise<string[]> => {
    const file = join(folder, 'lighttpd.conf');
    await writeFile(
      file,
      `server.document-root = "${folder}/html"\nserver.port = ${port}\nserver.bind = "127.0.0.1"\nserver.errorlog = "${folder}/error.log"\n`,
    );
    return ['-D', '-f', file];
  },
  php: (folder: string, port: number): string[] => ['-S', `127.0.0.1:${port}`, '-t', join(folder, 'html')],
  python3: (folder: string, port: number): string[] => [
    ...['-m', 'http.server', String(port), '--bind', '127.0.0.1', '--protocol', 'HTTP/1.1'],
    ...['--directory', join(folder, 'html')],
  ],
  haproxy: async (folder: string, port: number): Promise<string[]> => {
    const file = join(folder, 'haproxy.cfg');
    await writeFile(
      file,
      `defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 2s
frontend front
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "haproxy"
`,
    );
    return ['-db', '-f', file];
  },
  caddy: async (folder: string, port: number): Promise<string[]> => {
    const file = join(folder, 'Caddyfile');
    await writeFile(file, `{\n  admin off\n}\nhttp://127.0.0.1:${port}, http://:${port} {\n  respond "caddy"\n}\n`);
    return ['run', '--config', file, '--adapter', 'caddyfile'];
  },
};

async function isListening(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
