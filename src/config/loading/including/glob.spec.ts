import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GlobError, isGlob, PatternSearch } from './glob.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-glob-'));
  for (const name of [
    'conf.d/b.yaml',
    'conf.d/a.yaml',
    'conf.d/B.yaml',
    'conf.d/a10.yaml',
    'conf.d/a2.yaml',
    'conf.d/a.yml',
    'conf.d/.hidden.yaml',
    'sites/one/gateway.yaml',
    'sites/two/gateway.yaml',
    'sites/three/other.yaml',
    'sites/readme',
    'odd?/x.yaml',
    'oddy/x.yaml',
    'many/0.yaml',
    'many/1.yaml',
    'many/2.yaml',
  ]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
  symlinkSync('.', join(folder, 'sites/loop'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const matches = (pattern: string, below = ''): string[] =>
  new PatternSearch(1000).matches(pattern, join(folder, below)).map(path => path.slice(folder.length + 1));

describe('a pattern', () => {
  it.each([
    ['conf.d/*.yaml', ['conf.d/B.yaml', 'conf.d/a.yaml', 'conf.d/a10.yaml', 'conf.d/a2.yaml', 'conf.d/b.yaml']],
    ['conf.d/a?.yaml', ['conf.d/a2.yaml']],
    ['conf.d/.*.yaml', ['conf.d/.hidden.yaml']],
    ['./conf.d/../conf.d/b*', ['conf.d/b.yaml']],
    ['sites/*/gateway.yaml', ['sites/one/gateway.yaml', 'sites/two/gateway.yaml']],
    ['sites/t*/*.yaml', ['sites/three/other.yaml', 'sites/two/gateway.yaml']],
    ['sites/*/*/gateway.yaml', ['sites/loop/one/gateway.yaml', 'sites/loop/two/gateway.yaml']],
    ['*/readme', ['sites/readme']],
    ['conf.d/*.json', []],
    ['none/*.yaml', []],
    ['sites/readme/*', []],
  ])('%s matches by name, in the order of the names', (pattern, paths) => {
    expect(matches(pattern)).toEqual(paths);
  });

  it('is relative to a folder whose own name is no pattern', () => {
    expect(matches('*.yaml', 'odd?')).toEqual(['odd?/x.yaml']);
    expect(matches('../many/0*', 'odd?')).toEqual(['many/0.yaml']);
    expect(new PatternSearch(9).matches(join(folder, 'many/0*'), '/nowhere')).toEqual([join(folder, 'many/0.yaml')]);
  });

  it('that matches too many files is refused', () => {
    expect(new PatternSearch(3).matches('many/*', folder)).toHaveLength(3);
    expect(() => new PatternSearch(2).matches('many/*', folder)).toThrow(new GlobError('matches more than 2 files'));
  });

  it('that goes round in links comes to an end', () => {
    expect(() => matches(`sites/${'*/'.repeat(60)}gateway.yaml`)).toThrow(GlobError);
  });

  it.skipIf(process.getuid?.() === 0)('that leads into a folder that may not be read is refused', () => {
    mkdirSync(join(folder, 'closed'));
    chmodSync(join(folder, 'closed'), 0o300);
    expect(() => matches('closed/*.yaml')).toThrow('may not be read by this process');
  });

  it('matches the names that an expression of the same meaning matches', () => {
    const letters = (more: string) =>
      fc.string({ unit: fc.constantFrom(...'ab', ...more), minLength: 1, maxLength: 8 });
    const names = fc.uniqueArray(letters('.'), { maxLength: 12 });
    fc.assert(
      fc.property(names, letters('.*?').filter(isGlob), (some, pattern) => {
        const here = mkdtempSync(join(folder, 'any-'));
        const kept = some.filter(name => !/^\.+$/.test(name));
        for (const name of kept) writeFileSync(join(here, name), '');
        const source = pattern.replaceAll('.', '\\.').replaceAll('?', '.').replaceAll('*', '.*');
        const expected = kept.filter(
          name => new RegExp(`^${source}$`).test(name) && /^\./.test(name) === /^\./.test(pattern),
        );
        const found = new PatternSearch(100).matches(pattern, here).map(path => path.slice(here.length + 1));
        expect(found).toEqual(expected.toSorted());
      }),
      { numRuns: 50 },
    );
  });
});
