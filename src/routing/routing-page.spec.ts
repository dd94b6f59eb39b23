import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseHost } from '../http/host.js';
import { routingPath } from '../http/path.js';
import { describeRoutes } from './describe.js';
import { parsePattern } from './path-pattern.js';
import { Rewrite } from './rewrite.js';
import type { RewriteDefinition, RouteDefinition } from './route.js';
import { RouteTable } from './route-table.js';

interface WrittenRoute {
  readonly name: string;
  readonly priority?: number;
  readonly match?: { hosts?: string[]; path?: string; methods?: string[]; headers?: Record<string, string> };
}

const page = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => compile(text));

function compile(text: string): RouteTable {
  const { routes } = parse(text) as { routes: WrittenRoute[] };
  return RouteTable.compile(routes.map(definitionOf));
}

function definitionOf({ name, priority = 0, match = {} }: WrittenRoute): RouteDefinition {
  const headers = Object.entries(match.headers ?? {}).map(
    ([header, value]) => [header, { kind: 'exact', value }] as const,
  );
  const path = match.path === undefined ? [] : [match.path];
  return {
    name,
    priority,
    match: { hosts: [], methods: [], ...match, path, headers: new Map(headers), query: new Map() },
  };
}

/** The cells of all rows of the table whose first column has this heading, without their backticks. */
function rowsOf(heading: string): string[][] {
  const table = page.slice(page.search(new RegExp(`^ *\\| ${heading} `, 'm'))).split(/\n\s*\n/)[0] ?? '';
  const cells = table.split('\n').map(line => line.split('|').slice(1, -1));
  return cells.slice(2).map(row => row.map(cell => cell.trim()));
}

/** The example that has a route of this name. */
function exampleWith(name: string): RouteTable {
  const table = examples.find(({ routes }) => routes.some(route => route.name === name));
  if (table === undefined) throw new Error(`the page has no example with ${name}`);
  return table;
}

const codes = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('the routing page says the truth', () => {
  it.each(rowsOf('request'))('%s goes to %s', (request, route) => {
    const [method = '', target = '', header] = codes(request)[0]?.split(' ') ?? [];
    const slash = target.indexOf('/');
    const host = parseHost(target.slice(0, slash))?.host ?? '';
    const headers = header === undefined ? {} : Object.fromEntries([header.split('=')]);
    const found = examples[0]?.match({
      method,
      host,
      routingPath: routingPath(target.slice(slash)),
      query: undefined,
      headers,
    });
    expect(found?.route.name).toBe(codes(route)[0]);
  });

  it.each(rowsOf('path'))('about what %s matches', (path, matching, others) => {
    const route = {
      name: 'r',
      match: { hosts: [], path: codes(path), methods: [], headers: new Map(), query: new Map() },
    };
    const table = RouteTable.compile([route]);
    const matches = (text: string) =>
      table.match({
        method: 'GET',
        host: '',
        routingPath: text.replace('OPTIONS ', ''),
        query: undefined,
        headers: {},
      });
    for (const text of codes(matching)) expect(matches(text), text).toBeDefined();
    for (const text of codes(others)) expect(matches(text), text).toBeUndefined();
  });

  it.each(rowsOf('rewrite'))('about %s of %s', (rewrite, request, sent) => {
    const pattern = parsePattern('/orders/*');
    const raw = codes(request)[0] ?? '';
    const definition = parse(codes(rewrite)[0] ?? '') as RewriteDefinition;
    expect(new Rewrite(definition, [pattern]).apply(pattern, { raw, routing: routingPath(raw) })).toBe(codes(sent)[0]);
  });

  it('about a priority', () => {
    const asked = (headers: Record<string, string>) =>
      exampleWith('maintenance').match({
        method: 'GET',
        host: 'shop.example',
        routingPath: '/orders/7',
        query: undefined,
        headers,
      });
    expect(asked({ 'x-maintenance': '1' })?.route.name).toBe('maintenance');
    expect(asked({})?.route.name).toBe('orders');
  });

  it('about the shadowed route', () => {
    const rows = describeRoutes(exampleWith('never'));
    expect(rows.map(({ name, shadowedBy }) => [name, shadowedBy])).toEqual([
      ['read', undefined],
      ['never', 'read'],
    ]);
  });
});
