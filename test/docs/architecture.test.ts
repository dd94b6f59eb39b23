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

/** The file of each node of the chart; the files in it for a subgraph. */
const nodes = new Map<string, string[]>();
for (const [, id, file] of chart.matchAll(/(\w+)\["(?:[\d ]+ )?(src\/[\w./-]+\.ts)"\]/g)) nodes.set(id!, [file!]);
for (const [, id, inside] of chart.matchAll(/subgraph (\w+)\[.*?\]\n([\s\S]*?)\n\s*end\n/g)) {
  nodes.set(
    id!,
    inside!.split('\n').flatMap(line => nodes.get(line.trim().split('[')[0]!) ?? []),
  );
}

/** The arrows of the chart between two files; those within one file are left out. */
const arrows = chart
  .split('\n')
  .filter(line => line.includes('-->'))
  .flatMap(line => {
    const ids = line
      .replaceAll(/\|".*?"\||\(?\[".*?"\]\)?/g, '')
      .split('-->')
      .map(id => id.trim());
    return ids.slice(1).flatMap((to, index) => {
      const from = ids[index]!;
      if (![from, to].every(id => nodes.has(id) || ['http1', 'http2'].includes(id)))
        throw new Error(`"${line}" is unclear`);
      return (nodes.get(from) ?? []).flatMap(one => (nodes.get(to) ?? []).map(other => [one, other] as const));
    });
  })
  .filter(([from, to]) => from !== to);

/** The files of src/ that a file imports. */
const importsOf = (path: string): string[] =>
  [...read(path).matchAll(/ from '(\.[^']+)\.js'/g)].map(([, name]) => `${join(dirname(path), name!)}.ts`);
const knows = (one: string, other: string): boolean => importsOf(one).includes(other) || importsOf(other).includes(one);

/** Each answer goes through the exchange, which knows its responder by the interface. */
const answer = ['src/proxy/exchange.ts', 'src/proxy/client/responder.ts'];

/**
 * Arrows between files of which neither imports the other, with the files by which one leads to the other all the same: of each two neighbours one
 * imports the other.
 */
const indirect: Readonly<Record<string, readonly string[]>> = {
  // The pool of a listener's connections hands the handler of its streams through.
  'src/listeners/http2/http2-connection.ts > src/listeners/listeners.ts': [
    'src/listeners/http2/http2-connections.ts',
    'src/listeners/listener.ts',
  ],
  // The same for the handler of its requests of HTTP/1.1.
  'src/listeners/http1/http1-connection.ts > src/listeners/listeners.ts': [
    'src/listeners/http1/http1-connections.ts',
    'src/listeners/listener.ts',
  ],
  // The handler of a listener calls one, then the other. It knows upgrades by the abstract class.
  'src/proxy/exchanges.ts > src/websocket/client-upgrades.ts': ['src/listeners/listeners.ts', 'src/proxy/upgrades.ts'],
  'src/proxy/exchanges.ts > src/proxy/entrance.ts': ['src/listeners/listeners.ts'],
  'src/proxy/entrance.ts > src/proxy/client/http1-responder.ts': answer,
  'src/proxy/entrance.ts > src/proxy/client/http2-responder.ts': answer,
  'src/proxy/dispatcher.ts > src/proxy/client/http1-responder.ts': answer,
  'src/proxy/dispatcher.ts > src/proxy/client/http2-responder.ts': answer,
  'src/proxy/delivery.ts > src/proxy/client/http1-responder.ts': answer,
  'src/proxy/delivery.ts > src/proxy/client/http2-responder.ts': answer,
  'src/proxy/attempt.ts > src/proxy/client/http1-responder.ts': answer,
  'src/proxy/attempt.ts > src/proxy/client/http2-responder.ts': answer,
  // The target of its route has the forwarder.
  'src/proxy/delivery.ts > src/proxy/forwarder/http1-forwarder.ts': [
    'src/proxy/plan/forward-route.ts',
    'src/proxy/target/target.ts',
    'src/proxy/forwarder/forwarder.ts',
  ],
  // A forwarder knows an attempt as an `AttemptObserver`.
  'src/proxy/forwarder/http1-attempt.ts > src/proxy/attempt.ts': ['src/proxy/forwarder/forwarder.ts'],
  // An attempt knows a stream as an `EventStream`; a stream knows its delivery as a `StreamSupply`, and its responder by the interface.
  'src/proxy/attempt.ts > src/sse/relayed-stream.ts': ['src/proxy/lasting/event-streams.ts'],
  'src/sse/relayed-stream.ts > src/proxy/delivery.ts': ['src/proxy/lasting/event-streams.ts'],
  'src/sse/relayed-stream.ts > src/proxy/client/http1-responder.ts': [
    'src/proxy/lasting/event-streams.ts',
    'src/proxy/client/responder.ts',
  ],
  'src/sse/relayed-stream.ts > src/proxy/client/http2-responder.ts': [
    'src/proxy/lasting/event-streams.ts',
    'src/proxy/client/responder.ts',
  ],
  // An attempt has the responder switch protocols, then has the upgrade carry on.
  'src/proxy/client/http1-responder.ts > src/websocket/tunnel.ts': [
    ...answer.toReversed(),
    'src/proxy/attempt.ts',
    'src/proxy/lasting/upgrade.ts',
    'src/websocket/upgrade-exchange.ts',
  ],
  'src/proxy/client/http2-responder.ts > src/websocket/tunnel.ts': [
    ...answer.toReversed(),
    'src/proxy/attempt.ts',
    'src/proxy/lasting/upgrade.ts',
    'src/websocket/upgrade-exchange.ts',
  ],
  'src/websocket/tunnel.ts > src/proxy/exchanges.ts': ['src/websocket/tunnels.ts'],
};

/** The folders of each floor or room, as `npm run floors` checks them. */
const rules = (await import(pathToFileURL(join(root, '.dependency-cruiser.mjs')).href)) as {
  default: { forbidden: readonly { name: string }[] };
};
const checked = (kind: 'floor' | 'room'): string[] =>
  rules.default.forbidden.flatMap(({ name }) => (name.startsWith(`${kind}-`) ? [name.slice(kind.length + 1)] : []));

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

  it('draws arrows where one file leads to the other', () => {
    const names = arrows.map(([from, to]) => `${from} > ${to}`);
    const direct = arrows.filter(([from, to]) => knows(from, to)).map(([from, to]) => `${from} > ${to}`);
    expect(names.length).toBeGreaterThan(35);
    expect(names.filter(name => !direct.includes(name)).toSorted()).toEqual(Object.keys(indirect).toSorted());
    const broken = Object.entries(indirect).flatMap(([name, between]) => {
      const [from, to] = name.split(' > ');
      const chain = [from!, ...between, to!];
      return chain.slice(1).flatMap((next, index) => (knows(chain[index]!, next) ? [] : [`${chain[index]} > ${next}`]));
    });
    expect(broken).toEqual([]);
  });

  it('leads a GET through nine files, along the arrows of the chart, and names the two between them', () => {
    const [beginning] = page.split('### A GET')[1]!.split('### ');
    const way = beginning!.match(/^\d\. `[^`]+`/gm)!.map(line => /`(.+)`/.exec(line)![1]!);
    expect(way).toHaveLength(9);
    const translators = filesIn(beginning!.split('\n1. ')[0]!);
    expect(translators).toEqual(['src/listeners/http1/http1-connection.ts', 'src/proxy/forwarder/http1-attempt.ts']);
    const leads = (from: string, to: string): boolean => arrows.some(each => each[0] === from && each[1] === to);
    expect(leads(translators[0]!, way[0]!)).toBe(true);
    const gaps = way.slice(1).flatMap((to, index) => {
      const from = way[index]!;
      const isJoined = leads(from, to) || translators.some(between => leads(from, between) && leads(between, to));
      return isJoined ? [] : [`${from} > ${to}`];
    });
    expect(gaps).toEqual([]);
  });

  it('has each file of the road, its rooms and the folders around it once in the index', () => {
    const listed = rows(section('Index'))
      .filter(([folder]) => folder!.startsWith('`'))
      .flatMap(([folder, files]) =>
        [...files!.matchAll(/`([\w.-]+)`/g)].map(([, name]) => `${folder!.slice(1, -1)}${name}.ts`),
      );
    const there = sources.filter(path => /^src\/(?:proxy|listeners|websocket|sse)\//.test(path));
    expect(listed.toSorted()).toEqual(there.toSorted());
  });

  it('has each folder of src/ on the floor on which it is checked', () => {
    const [floors] = section('Floors').split('`src/proxy/` has rooms');
    const onFloors = rows(floors!).flatMap(([floor, folders]) => foldersIn(folders!).map(name => `${floor}-${name}`));
    expect(onFloors.toSorted()).toEqual([...checked('floor'), 'top-cli', 'top-nest', 'top-testing'].toSorted());
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
