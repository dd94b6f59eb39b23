import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { runCommand } from '../support/command.js';
import { tempFolder } from '../support/temp.js';
import { configFile, spawnProgram } from './spawn.js';

const backends = { backends: ['http://127.0.0.1:9'] };

describe('the commands about a file', () => {
  let good: string;
  let shadowed: string;
  let bad: string;

  beforeAll(async () => {
    const folder = await tempFolder();
    good = join(folder, 'good.yaml');
    shadowed = join(folder, 'shadowed.yaml');
    bad = join(folder, 'bad.yaml');
    const upstreams = { app: { backends: ['http://127.0.0.1:9', 'http://127.0.0.1:10'] } };
    const routes = [
      { name: 'read', match: { path: '/reports/:id', methods: ['GET', 'HEAD'] }, upstream: 'app' },
      { name: 'never', match: { path: '/reports/:name', methods: ['GET'] }, upstream: 'app' },
      { name: 'rest', upstream: 'app' },
    ];
    const admin = { token: 'hunter2' };
    await writeFile(shadowed, stringify({ admin, upstreams, routes }));
    await writeFile(good, stringify({ admin, upstreams, routes: routes.filter(({ name }) => name !== 'never') }));
    await writeFile(bad, 'upstream:\n  app:\n    backends: [http://127.0.0.1:9]\nshutdown: { grace: 5 }\n');
  });

  it('check says that a good file is valid', async () => {
    expect(await runCommand(['check', good])).toEqual({
      code: 0,
      signal: null,
      stdout: `${good} is valid\n`,
      stderr: '',
    });
  });

  it('check warns of a route that no request reaches', async () => {
    const { code, stderr } = await runCommand(['check', shadowed]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /routes\[1\]\.match: no request reaches this route: routes\[0\] \(read\) takes all that it could get$/m,
      ),
    ]);
  });

  it('check reports every error of a bad one, with its place and the key that was meant', async () => {
    const { code, stdout, stderr } = await runCommand(['check', bad]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/bad\.yaml:1:1/);
    expect(stderr).toMatch(/upstreams/);
    expect(stderr).toMatch(/bad\.yaml:4:\d+.*shutdown\.grace/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('check --json says the same to machines', async () => {
    const valid = await runCommand(['check', '--json', good]);
    expect(valid.code).toBe(0);
    expect(JSON.parse(valid.stdout)).toEqual({ valid: true, problems: [], warnings: [] });
    const invalid = await runCommand(['check', '--json', bad]);
    expect(invalid.code).toBe(1);
    const { problems } = JSON.parse(invalid.stdout) as { problems: { path: string; line: number }[] };
    expect(problems).toContainEqual(expect.objectContaining({ path: 'shutdown.grace', line: 4 }));
    expect(invalid.stderr).toBe('');
  });

  it.each([
    ['a strategy', { upstreams: { app: { ...backends, strategy: 'round-robbin' } } }],
    ['a forwarder', { upstreams: { app: { ...backends, forwarder: 'undicci' } } }],
    ['a probe', { upstreams: { app: { ...backends, healthCheck: { type: 'htttp' } } } }],
    ['a policy', { upstreams: { app: backends }, security: { policies: ['tenants'] } }],
  ])('%s that does not come with the program is refused alike by all commands that read a file', async (_, config) => {
    const file = await configFile(config);
    const refused = await runCommand(['check', file]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/no \w+ is called/);
    for (const args of [
      ['routes', file],
      ['print', file],
      ['run', '--config', file],
    ]) {
      const { code, stdout, stderr } = await runCommand(args);
      expect([args[0], code, stdout, stderr.trim().split('\n').at(-1)]).toEqual([
        args[0],
        1,
        '',
        refused.stderr.trim().split('\n').at(-1),
      ]);
    }
  });

  it('check says the name of a file that is missing', async () => {
    const { code, stderr } = await runCommand(['check', '/nowhere/gateway.yaml']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\/nowhere\/gateway\.yaml: .*\n$/);
  });

  it('run refuses what check refuses, in the same words', async () => {
    const [checked, run] = await Promise.all([runCommand(['check', bad]), runCommand(['run', '--config', bad])]);
    expect(run).toEqual(checked);
  });

  it('check and run refuse names that only a module could register, each with its place', async () => {
    const file = join(await tempFolder(), 'names.yaml');
    await writeFile(
      file,
      `upstreams:
  app:
    backends: [http://127.0.0.1:9]
    forwarder: http-proxy-midleware
    healthCheck: { type: teapot }
security: { policies: [nosuch] }
`,
    );
    const [checked, run] = await Promise.all([runCommand(['check', file]), runCommand(['run', '--config', file])]);
    expect(checked.code).toBe(1);
    expect(checked.stderr).toMatch(/yaml:4:16 .*no forwarder is called .*did you mean "http-proxy-middleware"/);
    expect(checked.stderr).toMatch(/yaml:5:26 .*no probe is called "teapot", known are http, tcp$/m);
    expect(checked.stderr).toMatch(/yaml:6:24 .*no policy is called "nosuch": none is registered, .*@Policy/);
    expect(run).toEqual(checked);
  });

  it('print shows the effective configuration without secrets, and it is itself valid', async () => {
    const { code, stdout } = await runCommand(['print', good]);
    expect(code).toBe(0);
    expect(stdout).not.toContain('hunter2');
    expect(parse(stdout)).toMatchObject({ listeners: [{ port: 8080 }], shutdown: { grace: '30s' } });
    const printed = join(await tempFolder(), 'printed.yaml');
    await writeFile(printed, stdout);
    expect(await runCommand(['check', printed])).toMatchObject({ code: 0 });
  });

  it('routes prints the table in matching order, and flags a route that can never match', async () => {
    const { code, stdout } = await runCommand(['routes', shadowed]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map(line => line.split(/\s+/)[1])).toEqual(['NAME', 'read', 'never', 'rest']);
    expect(lines[2]).toMatch(/never matches: shadowed by read$/);
    expect(lines[1]).not.toMatch(/shadowed/);
    const rows = JSON.parse((await runCommand(['routes', '--json', shadowed])).stdout) as {
      name: string;
      shadowedBy?: string;
    }[];
    expect(rows.map(({ shadowedBy }) => shadowedBy)).toEqual([undefined, 'read', undefined]);
  });

  it('schema prints the JSON Schema that is shipped', async () => {
    const { code, stdout } = await runCommand(['schema']);
    expect(code).toBe(0);
    const shipped = await readFile(new URL('../../config/schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(stdout)).toEqual(JSON.parse(shipped));
  });

  it('writes to a reader that stops reading, without a complaint', async () => {
    const child = spawnProgram(['schema']);
    child.process.stdout?.destroy();
    const { code } = await child.exited;
    expect([0, 70]).toContain(code);
    expect(child.stderr).not.toMatch(/\n\s+at /);
  });

  it('help shows the help of a command', async () => {
    const help = await runCommand(['help', 'run']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: gatehouse run/);
    expect(help.stdout).not.toContain('default: []');
    expect(await runCommand(['run', '--help'])).toEqual(help);
  });

  it('--help and --version answer on standard output', async () => {
    const help = await runCommand(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['run', 'check', 'print', 'routes', 'schema', 'demo']) expect(help.stdout).toContain(command);
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await runCommand(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});
