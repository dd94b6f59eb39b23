import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/architecture.md');

/** The part of the page under a heading. */
const section = (heading: string): string => page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
const chart = /```mermaid\n([\s\S]*?)```/.exec(page)![1]!;

/** The rows of a table, each as its cells. */
const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter(line => line.startsWith('| ') && !line.startsWith('| ---'))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim()),
    );
const filesIn = (text: string): string[] => text.match(/\bsrc\/[\w./-]+\.ts\b/g) ?? [];
const foldersIn = (text: string): string[] => [...text.matchAll(/`([a-z0-9-]+)\/`/g)].map(([, name]) => name!);

/** The numbers that stand as comments in a file: `// 6`. */
const numbersIn = (path: string): Set<number> =>
  new Set([...read(path).matchAll(/^\s*\/\/ (\d{1,2})$/gm)].map(([, number]) => Number(number)));

const sources = (readdirSync(join(root, 'src'), { recursive: true }) as string[])
  .map(name => `src/${name.replaceAll('\\', '/')}`)
  .filter(path => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
const named = (text: string): Set<string> => new Set(text.match(/\b(?:src|test|docs|bench)\/[\w./-]*[\w/]/g));

/** Each step with each file that it is said to be in: `6 src/proxy/delivery.ts`. */
const steps = rows(section('The road')).flatMap(([number, where]) =>
  /^\d+$/.test(number!) ? filesIn(where!).map(file => `${number} ${file}`) : [],
);
const drawn = [...chart.matchAll(/\["([\d ]+) (src\/[\w./-]+\.ts)"\]/g)].flatMap(([, numbers, file]) =>
  numbers!.split(' ').map(number => `${number} ${file}`),
);

/** The folders of each floor or room, as `npm run floors` checks them. */
const layers = (await import(pathToFileURL(join(root, '.dependency-cruiser.mjs')).href)) as {
  default: { forbidden: readonly { name: string }[] };
};
const checked = (kind: 'floor' | 'room'): string[] =>
  layers.default.forbidden.flatMap(({ name }) => (name.startsWith(`${kind}-`) ? [name.slice(kind.length + 1)] : []));

describe('the pages for developers', () => {
  const pages = ['docs/development.md', ...readdirSync(join(root, 'docs/adr')).map(name => `docs/adr/${name}`)];

  it.each(pages)('%s names only files and folders that exist', path => {
    expect([...named(read(path))].filter(each => !existsSync(join(root, each)))).toEqual([]);
  });

  it.each([...pages, 'docs/architecture.md', 'CONTRIBUTING.md'])('%s links to pages that exist', path => {
    const links = [...read(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .map(([, link]) => link!)
      .filter(link => link !== '');
    expect(links.filter(link => !existsSync(join(root, dirname(path), link)))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  it('names only files and folders that exist', () => {
    expect(named(page).size).toBeGreaterThan(60);
    expect([...named(page)].filter(path => !existsSync(join(root, path)))).toEqual([]);
  });

  it('has the numbers of the steps where they stand in the code, and all of them', () => {
    expect([...new Set(steps.map(step => Number.parseInt(step)))]).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const inCode = sources.flatMap(path => [...numbersIn(path)].map(number => `${number} ${path}`));
    expect(steps.toSorted()).toEqual(inCode.toSorted());
  });

  it('draws each step in the files of the table', () => {
    expect([...new Set(drawn)].toSorted()).toEqual(steps.toSorted());
  });

  it('leads a GET through nine files, each in the chart', () => {
    const way = page
      .split('### A GET')[1]!
      .split('### ')[0]!
      .match(/^\d\. `[^`]+`/gm)!
      .map(line => /`(.+)`/.exec(line)![1]!);
    expect(way).toHaveLength(9);
    expect(way.filter(path => !chart.includes(`${path}"]`))).toEqual([]);
  });

  it('has each folder of src/ on the floor on which it is checked', () => {
    const [floors] = section('Floors').split('`src/proxy/` has rooms');
    const onFloors = rows(floors!).flatMap(([floor, folders]) => foldersIn(folders!).map(name => `${floor}-${name}`));
    expect(onFloors.toSorted()).toEqual([...checked('floor'), 'top-cli'].toSorted());
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory());
    const known = foldersIn(floors!);
    expect(folders.map(({ name }) => name).filter(name => !known.includes(name))).toEqual([]);
  });

  it('has the rooms of src/proxy/ in the order in which they are checked', () => {
    const [, rooms] = section('Floors').split('`src/proxy/` has rooms');
    expect(rows(rooms!).flatMap(([room]) => foldersIn(room!))).toEqual(checked('room'));
    const folders = readdirSync(join(root, 'src/proxy'), { withFileTypes: true }).filter(entry => entry.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual(
      rows(rooms!)
        .flatMap(([room]) => foldersIn(room!))
        .toSorted(),
    );
  });
});
