import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireBuild } from '../support/build.js';
import { nodePath } from '../support/program.js';

const root = dirname(dirname(import.meta.dirname));
const fixtures = join(import.meta.dirname, 'fixtures');
const execute = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;

let folder: string;
let tarball: string;

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-packed-'));
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await execute('npm', args, { cwd: root, maxBuffer });
  tarball = join(folder, (JSON.parse(stdout) as [{ filename: string }])[0].filename);
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

/** An application that has the package from the tarball. */
interface Application {
  readonly name: string;
  readonly platform: 'express' | 'fastify';
  /** The major version of Nest, as npm has it in ranges. */
  readonly nest: string;
  readonly type: 'commonjs' | 'module';
  readonly packages?: Readonly<Record<string, string>>;
  /** The package names that the application leaves out. */
  readonly missing?: readonly string[];
}

/** Runs a command in the folder of an application. @throws Error with all that it has said. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    const env = { ...process.env, NODE_ENV: 'test', PATH: `${dirname(nodePath)}:${process.env['PATH'] ?? ''}` };
    const { stdout } = await execute(command, args, { cwd, env, maxBuffer, timeout: 150_000 });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** Makes the application, compiles it with each of the ways to resolve modules, and runs its tests. */
async function build(application: Application, ...resolutions: readonly string[]): Promise<string> {
  const { name, nest, platform, type, packages, missing = [] } = application;
  const cwd = join(folder, name);
  await mkdir(join(cwd, 'src'), { recursive: true });
  const platforms = platform === 'express' ? { '@nestjs/platform-express': nest } : {};
  const dependencies = {
    gatehouse: `file:${tarball}`,
    '@nestjs/common': nest,
    '@nestjs/core': nest,
    '@nestjs/config': nest,
    '@nestjs/testing': nest,
    'reflect-metadata': '^0.2',
    rxjs: '^7',
    ...platforms,
    ...packages,
  };
  const versions = await developmentVersions('typescript', '@types/node');
  const settings = { name, private: true, type, dependencies, devDependencies: versions };
  await writeFile(join(cwd, 'package.json'), JSON.stringify(settings));
  for (const file of ['app.ts', 'app.test.ts']) await cp(join(fixtures, file), join(cwd, 'src', file));
  await cp(join(fixtures, `${platform}.ts`), join(cwd, 'src', 'platform.ts'));
  await run(cwd, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock');
  for (const module of resolutions) {
    const moduleResolution = module === 'esnext' ? 'bundler' : module;
    await writeFile(
      join(cwd, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...strict, module, moduleResolution } }),
    );
    await run(cwd, join('node_modules', '.bin', 'tsc'));
  }
  const env = `MISSING=${missing.join(' ')}`;
  return run(cwd, 'env', env, nodePath, '--test', '--test-reporter=tap', 'dist/app.test.js');
}

const strict = {
  target: 'es2023',
  lib: ['es2024'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  rootDir: 'src',
  outDir: 'dist',
};

/** The versions of packages that this one is built with. */
async function developmentVersions(...names: readonly string[]): Promise<Record<string, string>> {
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return Object.fromEntries(names.map(name => [name, devDependencies[name]!]));
}

const optional = ['@nestjs/platform-fastify', '@nestjs/terminus', 'http-proxy-middleware', 'ioredis'];

describe.concurrent('the packed package', () => {
  const whole = { timeout: 240_000 };

  it('works in a new application on Express, of CommonJS, without any of the optional packages', whole, async () => {
    const application = {
      name: 'express',
      platform: 'express',
      nest: '^12',
      type: 'commonjs',
      missing: optional,
    } as const;
    expect(await build(application, 'nodenext')).toMatch(/^# fail 0$/m);
  });

  it('works in a new application on Fastify, of ECMAScript modules', whole, async () => {
    const packages = { '@nestjs/platform-fastify': '^12', '@nestjs/terminus': '^12', '@nestjs/throttler': '^6' };
    const application = { name: 'fastify', platform: 'fastify', nest: '^12', type: 'module', packages } as const;
    expect(await build(application, 'esnext', 'node16')).toMatch(/^# fail 0$/m);
  });

  it('is a program that needs no other package', async () => {
    const alone = join(folder, 'alone');
    await mkdir(alone);
    await run(alone, 'tar', 'xzf', tarball);
    const file = join(alone, 'gateway.yaml');
    const store = '{ redis: "redis://127.0.0.1:1" }';
    const routes = '[{ upstream: app }, { match: { path: /x }, respond: {} }]';
    const app = '{ backends: ["http://127.0.0.1:9"], forwarder: http-proxy-middleware }';
    await writeFile(file, `routes: ${routes}\nrateLimitStore: ${store}\nupstreams: { app: ${app} }\n`);
    const program = join(alone, 'package', 'bin', 'gatehouse.mjs');
    expect(await run(alone, nodePath, program, 'check', file)).toContain('is valid');
    expect(await run(alone, nodePath, program, 'explain', '--config', file, 'GET', '/x')).toContain('/x');
  });
});

/** A Node of the machine that is too old, beside the one that runs the tests; undefined: there is none. */
const oldNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map(each => join(each, 'node'))
  .find(each => existsSync(each) && Number(execFileSync(each, ['-p', 'process.versions.node.split(".")[0]'])) < 24);

describe('a wrong version', () => {
  it.skipIf(oldNode === undefined)('of Node.js is refused in one line', async () => {
    const script = `import(${JSON.stringify(join(root, 'dist', 'index.js'))}).catch(error => console.log(error.message))`;
    const { stdout } = await execute(oldNode!, ['-e', script]);
    expect(stdout).toMatch(/^Gatehouse needs Node\.js 24\.9 or newer, and this is [\d.]+: install a newer one\n$/);
  });

  it('of Nest is refused in one line', async () => {
    const copy = join(folder, 'wrong-nest');
    const others = { '@nestjs/common': '11.2.10', '@nestjs/core': '11.2.10' };
    for (const [name, version] of Object.entries(others)) {
      await mkdir(join(copy, 'node_modules', name), { recursive: true });
      await writeFile(join(copy, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
    }
    await cp(join(root, 'dist', 'packages'), join(copy, 'packages'), { recursive: true });
    await writeFile(join(copy, 'package.json'), '{ "type": "module" }');
    const script = `import(${JSON.stringify(join(copy, 'packages', 'refuse-unsupported.js'))}).catch(error => console.log(error.message))`;
    const { stdout } = await execute(nodePath, ['-e', script]);
    expect(stdout).toBe(
      'Gatehouse needs Nest 12, and this application has @nestjs/common 11.2.10: npm install @nestjs/common@12 @nestjs/core@12\n',
    );
  });
});
