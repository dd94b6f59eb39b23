/**
 * Joins the program and the libraries that it uses into the few files of dist/bundle/, which dist/main.js prefers: it has some thirty files
 * to load in place of two thousand, and starts in less than half of the time, and needs no package to be installed. What others import is the single files. Bundles the dashboard as well.
 */
import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { bundleDashboard } from './bundle-dashboard.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const folder = join(root, 'dist', 'bundle');

/** What libraries make when they are loaded, and this program does not use: it is made when it is asked for. */
const late = [
  // The tables of all locales, for lines of loggers that this program replaces: 24 ms.
  ...['console-logger', 'logger'].map(name => ({
    file: `@nestjs/common/services/${name}.service.js`,
    from: /const dateTimeFormatter = (new Intl\.DateTimeFormat\([^)]*\));/,
    to: 'const dateTimeFormatter = { format(date) { return (this.made ??= $1).format(date); } };',
  })),
  // The numbering plans of all countries: half a megabyte to read.
  {
    file: 'class-validator/cjs/decorator/string/IsPhoneNumber.js',
    from: /const max_1 = require\("(.*)"\);/,
    to: 'const max_1 = { get parsePhoneNumber() { return require("$1").parsePhoneNumber; } };',
  },
];

/** Fewer milliseconds for each start, and for each thread of it. */
const soonLoaded = {
  name: 'soon-loaded',
  load(id) {
    const { from, to } = late.find(({ file }) => id.endsWith(`/${file}`)) ?? {};
    if (from === undefined) return;
    const code = readFileSync(id, 'utf8');
    if (!from.test(code)) throw new Error(`${id} has changed: what is to be made late is not found`);
    return code.replace(from, to);
  },
  renderChunk: code => inAscii(code.replace(builtinImport, builtinConstants)),
};

const builtinImport = /^import (?:([\w$]+)(?:, )?)?(?:\* as ([\w$]+)|\{([^}]*)\})? from "((?:node:)?[a-z0-9_/]+)";$/gm;

/**
 * To import a built-in module reads all that it exports: of `node:http` also a WebSocket client, which loads a second HTTP client (70 ms). A
 * constant reads what it names.
 */
function builtinConstants(_, whole, space, named, id) {
  const module = `process.getBuiltinModule(${JSON.stringify(id)})`;
  const names = [whole, space, named === undefined ? undefined : `{${named.replaceAll(' as ', ': ')}}`];
  return names.flatMap(name => (name === undefined ? [] : [`const ${name} = ${module};`])).join(' ');
}

/** A text with one character outside Latin-1 takes two bytes for each, in the memory of each thread. */
function inAscii(code) {
  if (/String\.raw`[^`]*[^\0-\x7f]/.test(code)) throw new Error('a raw template outside ASCII');
  return code.replace(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Takes OpenTelemetry's ECMAScript modules, of which unused code is left out: the detectors of its resources would be seven files. */
const openTelemetry = {
  name: 'opentelemetry',
  async resolveId(id, importer, options) {
    if (!id.startsWith('@opentelemetry/') || id === '@opentelemetry/api') return undefined;
    const found = await this.resolve(id, importer, { ...options, skipSelf: true });
    return found && { ...found, id: found.id.replace(/([\\/]build[\\/])src(?=[\\/])/, '$1esm') };
  },
};

const loadedLate = /createRequire\(import\.meta\.url\)\('([^']+)'\)/g;
const fileOf = name => `package-${name.replaceAll(/\W+/g, '-').replace(/^-/, '')}`;

/** The packages that are loaded when they are used, as inputs of their own, so that they are in files of their own. */
function latePackages() {
  const files = globSync(join(root, 'dist', '**', '*.js'), { exclude: [folder] });
  const names = files.flatMap(file => [...readFileSync(file, 'utf8').matchAll(loadedLate)].map(([, name]) => name));
  return Object.fromEntries([...new Set(names)].filter(name => name !== 'name').map(name => [fileOf(name), name]));
}

/** Has the program load them from there. A CommonJS module is the default export of its file. */
const fromOwnFiles = {
  name: 'from-own-files',
  transform(code, id) {
    if (!id.startsWith(join(root, 'dist'))) return;
    return code.replace(
      loadedLate,
      (_, name) =>
        `(each => each['module.exports'] ?? each.default ?? each)(createRequire(import.meta.url)('./${fileOf(name)}.mjs'))`,
    );
  },
};

/** Bundles what stands in dist/. @throws Error when something that the program needs is not found. */
export async function bundle() {
  for (const former of [folder, join(root, 'dist', 'compile-cache')]) rmSync(former, { recursive: true, force: true });
  const build = await rolldown({
    input: {
      program: join(root, 'dist', 'cli', 'program.js'),
      worker: join(root, 'dist', 'worker.js'),
      ...latePackages(),
    },
    platform: 'node',
    plugins: [soonLoaded, openTelemetry, fromOwnFiles],
    external: ['libphonenumber-js/max'],
    onLog(level, log, report) {
      // Nest asks for packages that an application may have, and copes without them.
      if (log.code === 'UNRESOLVED_IMPORT' && log.id?.includes('node_modules')) return;
      report(level === 'warn' && log.code === 'UNRESOLVED_IMPORT' ? 'error' : level, log);
    },
  });
  try {
    await build.write({
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name]-[hash].mjs',
      // Half of what would be read at each start.
      comments: { legal: true, annotation: false, jsdoc: false },
    });
  } finally {
    await build.close();
  }
  await bundleDashboard();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
