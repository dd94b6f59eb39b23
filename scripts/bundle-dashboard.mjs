/**
 * Joins dashboard/ and the libraries that it uses into dist/dashboard/: a page, and a script, a style sheet and an icon whose names change with their content,
 * so that browsers may keep them. Each also stands there compressed.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'dashboard');
const folder = join(root, 'dist', 'dashboard');

/** Bundles the dashboard. @throws Error when something that it needs is not found. */
export async function bundleDashboard() {
  const [script, style] = [await bundleScript(), bundleStyle()];
  const icon = readFileSync(join(sources, 'icon.svg'), 'utf8').trim();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const places = {
    script: write('dashboard', '.mjs', script),
    style: write('dashboard', '.css', style),
    icon: write('icon', '.svg', icon),
  };
  const page = readFileSync(join(sources, 'index.html'), 'utf8');
  save(
    'index.html',
    page.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => `dashboard/${places[name]}`),
  );
}

async function bundleScript() {
  const build = await rolldown({
    input: join(sources, 'main.tsx'),
    platform: 'browser',
    tsconfig: join(sources, 'tsconfig.json'),
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    onLog(level, log, report) {
      report(level === 'warn' ? 'error' : level, log);
    },
  });
  try {
    const { output } = await build.generate({ format: 'esm', minify: true, comments: { legal: false } });
    return output[0].code;
  } finally {
    await build.close();
  }
}

/** The style sheets one behind the other, without comments and indentation. */
function bundleStyle() {
  const files = [
    join(root, 'node_modules', 'uplot', 'dist', 'uPlot.min.css'),
    ...['theme', 'page', 'parts', 'tables', 'dialogs', 'narrow'].map(name => join(sources, 'style', `${name}.css`)),
  ];
  const text = files.map(file => readFileSync(file, 'utf8')).join('\n');
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\n\s*/g, '\n')
    .trim();
}

/** Writes a file under a name that changes with its content. Gives the name. */
function write(name, extension, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return save(`${name}-${hash}${extension}`, content);
}

function save(name, content) {
  writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  return name;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleDashboard();
