import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { requireBuild } from '../support/build.js';
import { Child } from '../support/child.js';
import { nodePath } from '../support/program.js';

const dist = new URL('../../dist/', import.meta.url);

/** What `gatehouse <args>` says when it is loaded from that file of dist/. */
async function run(file: string, args: readonly string[]): Promise<string> {
  requireBuild();
  const load = `const { main } = await import(${JSON.stringify(new URL(file, dist).href)}); process.exitCode = await main(process.argv);`;
  const child = new Child(nodePath, ['--input-type=module', '-e', load, 'gatehouse', ...args]);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.stderr).toBe('');
  return child.stdout;
}

describe('the program that npm start runs', () => {
  it('is bundled into a few files, so that it starts soon', () => {
    requireBuild();
    expect(readdirSync(fileURLToPath(new URL('bundle', dist))).length).toBeLessThan(110);
  });

  it('keeps what exports traces apart, so that nothing of it is loaded unless they are configured', () => {
    requireBuild();
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const text = readFileSync(new URL(`bundle/${file}`, dist), 'utf8');
      for (const [, name] of text.matchAll(/^(?:import|export)[^;]*? from "\.\/([^"]+)";$/gm)) load(name!);
    };
    const isExporter = (file: string): boolean => file.startsWith('otlp-pipeline-');
    for (const file of readdirSync(fileURLToPath(new URL('bundle', dist)))) if (!isExporter(file)) load(file);
    expect(loaded.size).toBeGreaterThan(20);
    expect([...loaded].filter(isExporter)).toEqual([]);
    expect(readdirSync(fileURLToPath(new URL('bundle', dist))).filter(isExporter)).toHaveLength(1);
  });

  it('says the same as the single files that an application imports', async () => {
    const [bundled, single] = await Promise.all(
      ['bundle/program.mjs', 'cli/program.js'].map(file => run(file, ['schema'])),
    );
    expect(JSON.parse(bundled!)).toHaveProperty('properties.upstreams');
    expect(bundled).toBe(single);
  });
});
