import { availableParallelism } from 'node:os';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Echo, type TestBackend, answer, refusedPort, startBackend } from '../support/backend.js';
import { configToRun } from '../../src/cli/run-config.js';
import type { LoadedConfig } from '../../src/config/loading/compile.js';
import { createGateway } from '../../src/standalone.js';
import { Child } from '../support/child.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { eventually } from '../support/poll.js';
import type { CliResult } from '../support/program.js';
import { requireTool } from '../support/require-tool.js';
import { tempFolder } from '../support/temp.js';
import { configFile, spawnProgram } from './spawn.js';

/** The address of a listener that a program has printed. */
async function addressOf(child: Child, listener: string): Promise<string> {
  const line = new RegExp(`"listener":"${listener}","url":"([^"]+)"`);
  await child.until(() => line.test(child.stdout), `${listener} listening`);
  return line.exec(child.stdout)?.[1] ?? '';
}

const portOf = (url: string): number => Number(new URL(url).port);

/** Files with a certificate for ten days, and its key. */
async function soonExpired(): Promise<{ cert: string; key: string }> {
  const folder = await tempFolder();
  const [cert, key] = [join(folder, 'soon.pem'), join(folder, 'soon.key')];
  const notAfterDate = new Date(Date.now() + 10 * 24 * 60 * 60 * 1000);
  const pems = await generate(undefined, { keyType: 'ec', algorithm: 'sha256', notAfterDate });
  await writeFile(cert, pems.cert);
  await writeFile(key, pems.private, { mode: 0o600 });
  return { cert, key };
}

/** A port of loopback that is taken. */
async function takenPort(): Promise<number> {
  const server = http.createServer().listen(0, '127.0.0.1');
  closeLater(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** One line on standard error that says what it should, and nothing that looks like a failure of the program itself. */
function expectOneLine({ code, stderr }: CliResult, exitCode: number, says: RegExp): void {
  expect(code).toBe(exitCode);
  expect(stderr).toMatch(says);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/\n\s+at |Error:|node_modules/);
}

describe('gatehouse run', () => {
  let backend: TestBackend;

  beforeAll(async () => {
    backend = await startBackend(answer(200, 'hello'));
  });

  describe('with a file', () => {
    let file: string;
    let child: Child;

    beforeAll(async () => {
      const { cert, key } = await soonExpired();
      file = await configFile(`upstreams:
  app: { backends: ["\${BACKEND_URL}"] }
  forgotten: { backends: ["${backend.url}"] }
routes: [{ upstream: app }]
listeners:
  - { name: web, host: 127.0.0.1, port: 0 }
  - { name: secure, host: 127.0.0.1, port: 0, tls: { certificates: [{ cert: ${cert}, key: ${key} }] } }`);
      const env = { BACKEND_URL: backend.url, GATEWAY_CONFIG: '/nowhere/gateway.yaml' };
      child = spawnProgram(['-c', file], { env });
      await addressOf(child, 'admin');
    });

    it('serves what --config names, with variables of the environment filled in', async () => {
      expect((await request(portOf(await addressOf(child, 'web')))).text).toBe('hello');
    });

    it('says in its log what check warns of', () => {
      const warnings = child.stdout.split('\n').filter(line => line.includes('no route leads'));
      expect(warnings).toHaveLength(1);
      expect(JSON.parse(warnings[0] ?? '')).toMatchObject({
        level: 40,
        file,
        line: 3,
        column: 3,
        path: 'upstreams.forgotten',
        msg: 'no route leads to this upstream',
      });
    });

    it('tells once of a certificate that expires soon', () => {
      const lines = child.stdout.split('\n').filter(line => line.includes('expires in'));
      expect(lines.map(line => JSON.parse(line) as unknown)).toMatchObject([{ level: 40, listener: 'secure' }]);
    });

    it('says which variable is missing', async () => {
      const missing = await runCommand(['run', '--config', file]);
      expect(missing.code).toBe(1);
      expect(missing.stderr).toContain('BACKEND_URL');
    });

    it('needs no command, and ends with 0 when it is told to', async () => {
      expect(await child.stop()).toEqual({ code: 0, signal: null });
      expect(child.stderr).toBe('');
    });
  });

  it('serves the file that GATEWAY_CONFIG names', async () => {
    const file = await configFile({ upstreams: { app: { backends: [backend.url] } } });
    const loaded = configToRun({}, { GATEWAY_CONFIG: file }) as LoadedConfig;
    const gateway = await createGateway(loaded.config, { logSink: { write: (_, done) => done(), writeNow: () => {} } });
    closeLater(() => gateway.stop(0));
    await gateway.start();
    expect((await request(gateway.listeners[0]!.port!)).text).toBe('hello');
    const none = await runCommand(['run'], { env: { GATEWAY_CONFIG: '/nowhere/gateway.yaml' } });
    expect(none.stderr).toContain('/nowhere/gateway.yaml');
  });
});

describe('gatehouse run, when it cannot', () => {
  const upstreams = { app: { backends: ['http://127.0.0.1:9'] } };

  it('says that the port is taken, and leaves none of its other listeners open', async () => {
    const port = await takenPort();
    const admin = await refusedPort();
    const file = await configFile({ listeners: [{ host: '127.0.0.1', port }], admin: { port: admin }, upstreams });
    expectOneLine(
      await runCommand(['run', '--config', file]),
      3,
      new RegExp(`^gatehouse: listener "${port}": cannot listen on 127\\.0\\.0\\.1:${port}: .*\\(EADDRINUSE\\)$`, 'm'),
    );
    await expect(request(admin)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says that the admin port is taken', async () => {
    const port = await takenPort();
    const file = await configFile({ admin: { port }, upstreams });
    expectOneLine(await runCommand(['run', '--config', file]), 3, /^gatehouse: admin\.port: .*\(EADDRINUSE\)$/m);
  });

  it('says that this machine has no such address', async () => {
    const file = await configFile({ listeners: [{ host: '192.0.2.1', port: 0 }], upstreams });
    expectOneLine(await runCommand(['run', '--config', file]), 3, /192\.0\.2\.1.*\(EADDRNOTAVAIL\)$/m);
  });

  it('says that the folder of a socket is missing', async () => {
    const unix = join(await tempFolder(), 'missing', 'gateway.sock');
    const file = await configFile({ listeners: [{ unix }], upstreams });
    const says = /missing\/gateway\.sock: the folder .*\/missing does not exist \(E[A-Z]+\)$/m;
    expectOneLine(await runCommand(['run', '--config', file]), 3, says);
  });

  it('says that the file is missing', async () => {
    expectOneLine(await runCommand(['run', '--config', '/nowhere/gateway.yaml']), 1, /\/nowhere\/gateway\.yaml/);
  });

  it.skipIf(process.getuid?.() === 0)('says that the file cannot be read', async () => {
    const file = await configFile({ upstreams });
    await chmod(file, 0);
    expectOneLine(await runCommand(['run', '--config', file]), 1, /gateway\.yaml/);
  });

  it('says that the file is a folder', async () => {
    const folder = join(await tempFolder(), 'gateway.yaml');
    await mkdir(folder);
    expectOneLine(await runCommand(['run', '--config', folder]), 1, /gateway\.yaml/);
  });

  it.each([
    ['the authority of a backend', { upstreams: { app: { ...upstreams.app, tls: { ca: 'missing.pem' } } } }],
    ['the body of a response', { upstreams, routes: [{ respond: { status: 200, body: { file: 'missing.pem' } } }] }],
  ])('says that a file with %s is missing', async (_what, config) => {
    const { code, stderr } = await runCommand(['run', '--config', await configFile(config)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/missing\.pem/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('says which strategies there are', async () => {
    const fromFile = await configFile({ upstreams: { app: { ...upstreams.app, strategy: 'round-robbin' } } });
    for (const args of [
      ['run', '--config', fromFile],
      ['run', '--to', 'http://127.0.0.1:9', '--port', '0', '--strategy', 'round-robbin'],
    ]) {
      const result = await runCommand(args);
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(/round-robbin.*round-robin/);
      expect(result.stderr).not.toMatch(/\n\s+at /);
    }
  });

  it('says that a backend is no URL', async () => {
    const result = await runCommand(['run', '--to', 'localhost', '--port', '0']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('localhost');
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    ['there is nothing to run', ['run'], /nothing to run/],
    ['both a file and backends are given', ['run', '--to', 'http://127.0.0.1:9', '-c', 'x.yaml'], /exclude each other/],
    ['a port is given for a file', ['run', '-c', 'x.yaml', '--port', '1'], /--port/],
  ])('says that %s', async (_what, args, says) => {
    expectOneLine(await runCommand(args), 2, says);
  });

  it.each([
    ['an option that it does not know', ['run', '--tpo', 'x'], /unknown option '--tpo'/],
    ['a command that it does not know', ['rnu'], /unknown command "rnu" \(did you mean "run"\?\)/],
    [
      'a command that it does not know, with a file',
      ['chek', 'x'],
      /unknown command "chek" \(did you mean "check"\?\)/,
    ],
    ['a word that is like no command', ['teapot'], /unknown command "teapot"$/m],
    ['a port that is none', ['run', '--to', 'http://127.0.0.1:9', '--port', '99999'], /65535/],
    ['an option without its value', ['run', '--config'], /argument missing/],
    ['a command without its file', ['check'], /missing required argument 'file'/],
    ['too many files', ['check', 'a.yaml', 'b.yaml'], /too many arguments/],
  ])('refuses %s, with a hint', async (_what, args, says) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at |node_modules/);
    expect(stdout).toBe('');
  });
});

it('a start keeps what was compiled beside the code, for the next one, and does without where it cannot', async () => {
  expect(await spawnProgram(['--version']).exited).toEqual({ code: 0, signal: null });
  const folder = fileURLToPath(new URL('../../dist/compile-cache', import.meta.url));
  expect(readdirSync(folder, { recursive: true }).length).toBeGreaterThan(1);
  const env = { NODE_COMPILE_CACHE: join(folder, '..', 'main.js', 'no-folder') };
  const child = spawnProgram(['--version'], { env });
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.stderr).toBe('');
});

describe('gatehouse demo', () => {
  const curl = requireTool('curl');

  it('prints curl commands that work', async () => {
    const child = spawnProgram(['demo', '--port', '0']);
    await child.until(() => child.stdout.includes('Ctrl-C'), 'its welcome');
    const commands = [...child.stdout.matchAll(/^ {2}curl (.+)$/gm)].map(([, args]) => (args ?? '').split(' '));
    expect(commands.length).toBeGreaterThanOrEqual(2);
    for (const args of commands) {
      const command = new Child(curl, ['-sSf', ...args]);
      if (args.includes('-N')) {
        // An event stream never ends by itself.
        await command.until(() => /^data: /m.test(command.stdout), 'an event');
        await command.kill();
      } else {
        expect(await command.exited).toEqual({ code: 0, signal: null });
        expect(command.stdout).toMatch(/^HTTP\/1\.1 200 OK/);
      }
    }
    expect(await child.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(child.stderr).toBe('');
  });

  it('says that its port is taken', async () => {
    expectOneLine(await runCommand(['demo', '--port', String(await takenPort())]), 3, /\(EADDRINUSE\)$/m);
  });
});

// In this file, since each of these takes the admin listener's own port.
describe('gatehouse run --to --tls', () => {
  const shown =
    /Gatehouse serves (https:\/\/localhost:(\d+)\/)[^]*fingerprint: ([\dA-F:]+)\n[^]*curl --cacert (\S+) \S+\n/;
  let backends: TestBackend[];
  let child: Child;
  let said: RegExpExecArray;

  beforeAll(async () => {
    backends = [await startBackend(), await startBackend()];
    const to = backends.flatMap(({ url }) => ['--to', url]);
    child = spawnProgram(['run', ...to, '--tls', '--port', '0', '--strategy', 'round-robin']);
    await child.until(() => shown.test(child.stderr), 'it introduced itself');
    said = shown.exec(child.stderr)!;
  });

  it('proxies to backends without a file, on a port and with a strategy of choice', async () => {
    const [, , port] = said;
    for (let i = 0; i < 16; i++) {
      expect((await request(Number(port), { tls: { rejectUnauthorized: false } })).status).toBe(200);
    }
    const [one = 0, other = 0] = backends.map(({ requests }) => requests.length);
    expect(one + other).toBe(16);
    // Each worker takes turns by itself.
    expect(Math.abs(one - other)).toBeLessThanOrEqual(availableParallelism());
  });

  it('serves https with a certificate of its own that curl can verify, and leaves no key behind', async () => {
    const curl = requireTool('curl');
    const [, url = '', port = '', fingerprint = '', file = ''] = said;
    const pem = readFileSync(file, 'utf8');
    expect(new X509Certificate(pem).fingerprint256).toBe(fingerprint);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(statSync(file.replace('.pem', '.key')).mode & 0o777).toBe(0o600);
    const { stdout } = await promisify(execFile)(curl, ['-sS', '--cacert', file, `${url}by-curl`]);
    expect((JSON.parse(stdout) as Echo).url).toBe('/by-curl');
    const response = await request(Number(port), { tls: { ca: pem, servername: '' } });
    expect(response.status).toBe(200);
    await child.stop();
    expect(existsSync(dirname(file))).toBe(false);
  });

  it('goes with --to only', async () => {
    const { code, stderr } = await runCommand(['run', '--tls']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gatehouse: --tls goes with --to/);
  });

  it('serves on, and ends with 0 when it is told to, where nothing reads what it says', async () => {
    const backend = await startBackend();
    const child = spawnProgram(['run', '--to', backend.url, '--tls', '--port', '0']);
    child.process.stdout?.destroy();
    child.process.stderr?.destroy();
    const serves = (): Promise<boolean> =>
      request(9901, { path: '/health' }).then(
        ({ status }) => status === 200,
        () => false,
      );
    await eventually(serves, { deadline: 20_000 });
    child.process.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});
