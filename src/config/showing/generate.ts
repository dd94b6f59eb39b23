import 'reflect-metadata';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { inputTypes } from './reference/input-types.js';
import { jsonSchema } from './reference/json-schema.js';
import { referencePage } from './reference/reference-page.js';

const root = resolve(import.meta.dirname, '../../..');

/** The content of the generated files, by their path in the package. */
export function generatedFiles(): Map<string, string> {
  return new Map([
    ['config/schema.json', `${JSON.stringify(jsonSchema(), undefined, 2)}\n`],
    ['docs/configuration.md', referencePage()],
    ['src/config/typed/gateway-config-input.ts', inputTypes(jsonSchema())],
  ]);
}

/** The page of metrics, which is made of a whole gateway: that stands on floors above, and is looked up only when this runs as a program. */
async function metricsPage(): Promise<readonly [path: string, text: string]> {
  const above = new URL('../../cli/metrics-page.js', import.meta.url).href;
  const { generatedMetricsPage } = (await import(above)) as { readonly generatedMetricsPage: () => Promise<string> };
  return ['docs/metrics.md', await generatedMetricsPage()];
}

/** Writes the generated files below `folder`; with `check` nothing is written. Returns the files that were out of date. */
async function generate(folder: string, check: boolean): Promise<string[]> {
  const stale = [...generatedFiles(), await metricsPage()].filter(
    ([path, text]) => current(resolve(folder, path)) !== text,
  );
  for (const [path, text] of check ? [] : stale) {
    mkdirSync(dirname(resolve(folder, path)), { recursive: true });
    writeFileSync(resolve(folder, path), text);
  }
  return stale.map(([path]) => path);
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const check = process.argv.includes('--check');
  const folder = process.argv.slice(2).find(argument => !argument.startsWith('--')) ?? root;
  const stale = await generate(folder, check);
  for (const path of stale)
    console.log(`${check ? 'stale' : 'written'}: ${relative(process.cwd(), resolve(folder, path))}`);
  if (check && stale.length > 0) {
    console.log('Run: node dist/config/showing/generate.js');
    process.exitCode = 1;
  }
}
