import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadedConfig } from '../compile.js';
import { ConfigError } from '../config-error.js';
import { buildUntyped, loadConfig, parseConfig } from '../load-config.js';
import { formatProblem } from '../problem.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'gatehouse-include-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function load(files: Readonly<Record<string, string>>, env: Record<string, string> = {}): LoadedConfig {
  write(files);
  return loadConfig(join(folder, 'gateway.yaml'), env);
}

function refusal(files: Readonly<Record<string, string>>): ConfigError {
  try {
    load(files);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

const complaintsAbout = (files: Readonly<Record<string, string>>): string[] =>
  refusal(files).message.replaceAll(`${folder}/`, '').split('\n');
const below = (paths: readonly string[]): string[] => paths.map(path => relative(folder, path));
const namesIn = ({ config }: LoadedConfig): string[] => config.routes.map(({ name }) => name);

const app = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }\n';
const route = (name: string): string => `routes: [{ name: ${name}, match: { path: /${name} }, upstream: app }]\n`;

describe('a file that includes others', () => {
  it('has their keys behind its own, in the order of its list and of their names', () => {
    const loaded = load({
      'gateway.yaml': `${app}${route('main')}include: [conf.d/*.yaml, last.yaml]`,
      'conf.d/b.yaml': route('b'),
      'conf.d/a.yaml': `${route('a')}include: inner/*.yaml`,
      'conf.d/inner/x.yaml': route('x'),
      'conf.d/.draft.yaml': 'not: { valid',
      'last.yaml': route('last'),
    });
    expect(namesIn(loaded)).toEqual(['main', 'a', 'x', 'b', 'last']);
    expect(loaded.config).not.toHaveProperty('include');
  });

  it('says which files it was read from, and by which patterns more would belong to it', () => {
    const { files, patterns, warnings } = load({
      'gateway.yaml': `${app}include: [conf.d/*.yaml, other/../last.yaml, none/*.yaml]`,
      'conf.d/a.yaml': `include: [ '*.inner' ]`,
      'last.yaml': '',
    });
    expect(below(files)).toEqual(['gateway.yaml', 'conf.d/a.yaml', 'last.yaml']);
    expect(below(patterns)).toEqual(['conf.d/*.yaml', 'conf.d/*.inner', 'none/*.yaml']);
    expect(warnings.map(warning => formatProblem(warning).replaceAll(`${folder}/`, ''))).toEqual([
      'gateway.yaml:2:46 include[2]: no file matches "none/*.yaml"',
      'conf.d/a.yaml:1:12 include[0]: no file matches "*.inner"',
    ]);
  });

  it('says the same when it cannot be used, with the files that are missing or broken', () => {
    const { files, patterns } = refusal({
      'gateway.yaml': `${app}include: [conf.d/*.yaml, missing.yaml]`,
      'conf.d/a.yaml': 'routes: [',
      'conf.d/b.yaml': 'routes: 5',
    });
    expect(below(files)).toEqual(['gateway.yaml', 'conf.d/a.yaml', 'conf.d/b.yaml', 'missing.yaml']);
    expect(below(patterns)).toEqual(['conf.d/*.yaml']);
    const wrong = refusal({ 'gateway.yaml': `${app}include: conf.d/b*`, 'conf.d/b.yaml': 'workers: x' });
    expect([below(wrong.files), below(wrong.patterns)]).toEqual([['gateway.yaml', 'conf.d/b.yaml'], ['conf.d/b*']]);
    expect(() => loadConfig(join(folder, 'none.yaml'), {})).toThrow(
      expect.objectContaining({ files: [join(folder, 'none.yaml')], patterns: [] }),
    );
  });

  it('may name them by variables, by absolute paths and by links', () => {
    write({
      'real/a.yaml': `${route('a')}include: b.yaml`,
      'real/b.yaml': route('b'),
      'linked/b.yaml': route('beside'),
    });
    symlinkSync('../real/a.yaml', join(folder, 'linked/a.yaml'));
    const env = { FOLDER: folder, LAST: join(folder, 'real/b.yaml') };
    const main = `${app}include: ["\${FOLDER}/linked/a*", "\${LAST}"]`;
    expect(namesIn(load({ 'gateway.yaml': main }, env))).toEqual(['a', 'beside', 'b']);
  });

  it('may name an empty file', () => {
    const files = { 'gateway.yaml': `${app}include: [a.yaml, b.yaml]`, 'a.yaml': '', 'b.yaml': '# routes: []\n' };
    expect(namesIn(load(files))).toEqual(['default']);
  });

  it('needs all of them: nothing is said of names that may stand in a file that could not be read', () => {
    expect(
      complaintsAbout({
        'gateway.yaml': `${app}include:\n  - orders.yaml\n  - conf.d/*.yaml\nroutes: [{ upstream: orders }]`,
        'conf.d/broken.yaml': 'routes: [',
        'conf.d/list.yaml': '- a',
        'conf.d/double.yaml': 'workers: 1\nworkers: 1',
      }),
    ).toEqual([
      'gateway.yaml:3:5 include[0]: file "orders.yaml" does not exist',
      expect.stringMatching(/^conf\.d\/broken\.yaml:1:10: not valid YAML/),
      'conf.d/double.yaml:2:1 workers: the key "workers" stands twice in its block, first on line 1',
      'conf.d/list.yaml:1:1: found a list, expected a block of keys, as in the file that includes this one',
    ]);
  });

  it.each([
    ['5', 'include: found 5, expected the path of a file, or a pattern such as conf.d/*.yaml, or a list of them'],
    ['', 'include: found nothing, expected the path of a file'],
    ['[{ file: a }]', 'include[0]: found a block with file, expected the path of a file'],
    ['["${NONE}"]', 'include[0]: the environment variable NONE is not set'],
    ['""', 'include: found "", expected the path of a file'],
    ['conf.d', 'include: file "conf.d" is a directory (did you mean conf.d/*.yaml?)'],
    ['conf.d/**/*.yaml', 'include: ** is not taken: write one * for each folder, such as sites/*/*.yaml'],
    ['gateway.yaml', 'include: a file includes itself: gateway.yaml > gateway.yaml'],
    ['"*.yaml"', 'include: a file includes itself: gateway.yaml > gateway.yaml'],
    ['conf.d/back.yaml', 'include: a file includes itself: gateway.yaml > conf.d/back.yaml > gateway.yaml'],
    ['[conf.d/a.yaml, conf.d/a*]', 'include[1]: conf.d/a.yaml is included at gateway.yaml:2:11 already'],
    [
      '[conf.d/a.yaml, link.yaml]',
      'include[1]: link.yaml is the file conf.d/a.yaml, which is included at gateway.yaml:2:11 already',
    ],
  ])('is refused in one line for include: %s', (include, complaint) => {
    write({ 'conf.d/a.yaml': '', 'conf.d/back.yaml': 'include: ../gateway.yaml' });
    symlinkSync('conf.d/a.yaml', join(folder, 'link.yaml'));
    const lines = complaintsAbout({ 'gateway.yaml': `${app}include: ${include}` });
    expect(lines).toEqual([expect.stringMatching(/^(gateway|conf\.d\/back)\.yaml:\d+:\d+ /)]);
    expect(lines[0]).toContain(complaint);
  });
});

describe('a configuration of a text', () => {
  it('includes what stands beside the file whose name it is given', () => {
    write({ 'a.yaml': route('a') });
    const { files } = parseConfig(`${app}include: a.yaml`, { file: join(folder, 'virtual.yaml') });
    expect(below(files)).toEqual(['virtual.yaml', 'a.yaml']);
  });
});

describe('a configuration of a value', () => {
  it('includes nothing, and says so', () => {
    const upstreams = { app: { backends: ['http://127.0.0.1:3001'] } };
    expect(() => buildUntyped({ upstreams, include: ['a.yaml'] }, { baseDir: folder })).toThrow(
      'include: only a configuration file can include others: load it, or put what it holds into the value',
    );
  });
});
