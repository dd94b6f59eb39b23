/**
 * Builds dist/ when something in src/ or dashboard/ is newer than it, or has no counterpart there; otherwise costs a few milliseconds. Run as
 * a program, or imported by scripts that start the built program.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const entry = join(root, 'dist', 'main.js');
const bundled = join(root, 'dist', 'bundle', 'program.mjs');
const dashboard = join(root, 'dist', 'dashboard', 'index.html');
const settings = [
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'scripts/bundle.mjs',
  'scripts/bundle-dashboard.mjs',
];
const lock = join(root, 'node_modules', '.gatehouse-build');
const failure = join(root, 'node_modules', '.gatehouse-build-failure');

/** Files below `folder` whose name passes, as paths relative to it. */
function filesIn(folder, passes) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(file => file.isFile() && passes(file.name))
    .map(file => join(file.parentPath, file.name).slice(path.length + 1));
}

/** When a file was last changed, in ms; 0 when it has just gone. */
function modifiedAt(file) {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Why dist/ must be built again; undefined when it is as new as the sources. */
export function staleness() {
  if (!existsSync(entry)) return 'dist/main.js is missing';
  if (!existsSync(bundled)) return 'dist/bundle is missing';
  if (!existsSync(dashboard)) return 'dist/dashboard is missing';
  const builtAt = statSync(entry).mtimeMs;
  const sources = filesIn('src', name => !name.endsWith('.spec.ts'));
  const shown = filesIn('dashboard', name => !name.endsWith('.spec.ts'));
  const inputs = [
    ...sources.map(file => join('src', file)),
    ...shown.map(file => join('dashboard', file)),
    ...settings,
  ];
  const newer = inputs.find(file => modifiedAt(file) > builtAt);
  if (newer !== undefined) return `${newer} has changed`;
  const expected = new Set(
    sources.filter(file => /(?<!\.d)\.ts$/.test(file)).map(file => file.replace(/\.ts$/, '.js')),
  );
  const built = new Set(filesIn('dist', name => name.endsWith('.js')));
  const odd = [...expected.symmetricDifference(built)][0];
  return odd === undefined ? undefined : `dist/${odd} and src/ do not match`;
}

/** What the compiler said when it last failed on these very sources; undefined when they have changed since. */
function knownFailure() {
  if (!existsSync(failure)) return undefined;
  const failedAt = statSync(failure).mtimeMs;
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map(file => join('src', file));
  const inputs = [...sources, 'package-lock.json', ...settings];
  const changed = inputs.some(file => modifiedAt(file) > failedAt);
  return changed ? undefined : readFileSync(failure, 'utf8');
}

/** Takes the build lock; waits while another living process holds it, so that two builds never write dist/ together. */
async function takeLock() {
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!holderLives()) rmSync(lock, { recursive: true, force: true });
      else await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
}

function holderLives() {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    // The holder writes its pid just after it made the folder: an empty file means that it is about to.
    return pid === 0 || process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'ENOENT') return error.code === 'EPERM';
    return existsSync(lock) && Date.now() - statSync(lock).mtimeMs < 5_000;
  }
}

/**
 * Makes sure that dist/ holds what src/ says.
 * @throws Error with the compiler's output when the build fails; dist/main.js is then removed, so that an incomplete build
 * cannot be run.
 */
export async function ensureBuild({ quiet = false } = {}) {
  if (staleness() === undefined) return;
  await takeLock();
  try {
    const reason = staleness();
    if (reason === undefined) return;
    // Many test files ask one after the other: a broken build is compiled, and waited for, once.
    const known = knownFailure();
    if (known !== undefined) throw new Error(known);
    if (!quiet) process.stderr.write(`Building: ${reason}.\n`);
    const bin = join(root, 'node_modules', '.bin');
    const startedAt = new Date();
    const build = spawnSync(join(bin, 'nest'), ['build'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
    });
    rmSync(failure, { force: true });
    if (build.status === 0 && existsSync(entry)) {
      // Not imported above: to start what is built nothing is needed that builds.
      const { bundle } = await import('./bundle.mjs');
      await bundle();
      // What changed while the compiler ran must count as newer than its result.
      utimesSync(entry, startedAt, startedAt);
      return;
    }
    rmSync(entry, { force: true });
    const message = `nest build failed.\n${build.error?.message ?? ''}${build.stdout ?? ''}${build.stderr ?? ''}`;
    writeFileSync(failure, message);
    utimesSync(failure, startedAt, startedAt);
    throw new Error(message);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureBuild();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
