import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pattern } from '../patterns/pattern.js';
import { describeRoutes } from './describe.js';
import type { MatchDefinition, RouteDefinition, ValueMatch } from './route.js';
import { RouteTable } from './route-table.js';

function route(
  name: string,
  match: Partial<MatchDefinition>,
  target: Partial<RouteDefinition> = { upstream: 'app' },
): RouteDefinition {
  return {
    name,
    match: { hosts: [], path: [], methods: [], headers: new Map(), query: new Map(), ...match },
    ...target,
  };
}

const rows = (...routes: RouteDefinition[]) => describeRoutes(RouteTable.compile(routes));
const exact = (value: string): ValueMatch => ({ kind: 'exact', value });
const pattern = (source: string): ValueMatch => ({ kind: 'pattern', pattern: new Pattern(source) });
const present: ValueMatch = { kind: 'present', present: true };

function shadowOf(first: Partial<MatchDefinition>, second: Partial<MatchDefinition>): string | undefined {
  return rows(route('first', first), route('second', second)).find(({ name }) => name === 'second')?.shadowedBy;
}

const values = fc.constantFrom(exact('1'), exact('2'), pattern('^[12]$'), present);
const headers = fc
  .dictionary(fc.constantFrom('h', 'i'), values, { maxKeys: 2 })
  .map(given => new Map(Object.entries(given)));
const anyMatch = fc.record({
  hosts: fc.uniqueArray(fc.constantFrom('a.b', 'x.b', '*.b', '*.a.b'), { maxLength: 2 }),
  path: fc.uniqueArray(fc.constantFrom('/a', '/A', '/a/', '/:x', '/:x/b', '/a/b', '/a/*', '/:x/*', '/*'), {
    maxLength: 2,
  }),
  methods: fc.uniqueArray(fc.constantFrom('GET', 'PUT'), { maxLength: 2 }),
  headers,
  caseSensitive: fc.constantFrom(true, true, false),
  trailingSlash: fc.constantFrom('exact' as const, 'exact' as const, 'ignore' as const),
});
const anyRoutes = fc
  .array(fc.tuple(anyMatch, fc.constantFrom(0, 0, 1, -1)), { minLength: 2, maxLength: 8 })
  .map(given => given.map(([match, priority], i) => route(`r${i}`, match, { upstream: 'app', priority })));
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'HEAD'),
  host: fc.constantFrom('a.b', 'x.b', 'y.b', 'c.a.b', 'c'),
  routingPath: fc.constantFrom('/a', '/A', '/a/', '/b', '/a/b', '/A/b/', '/b/c', '*'),
  query: fc.constant(undefined),
  headers: fc.dictionary(fc.constantFrom('h', 'i'), fc.constantFrom('1', '2', '3'), { maxKeys: 2 }),
});

describe('the description of a table', () => {
  it('lists the routes in the order in which they are tried', () => {
    const conditions = {
      headers: new Map([['x-beta', exact('1')]]),
      query: new Map([
        ['v', pattern('^2')],
        ['w', present],
      ]),
    };
    const described = rows(
      route('fallback', {}, { respond: { status: 200 } }),
      route('orders', {
        hosts: ['shop.example', '*.shop.example'],
        path: ['/orders/*'],
        methods: ['GET'],
        ...conditions,
      }),
      route('old', { path: ['/old/*'] }, { redirect: { to: 'https://new.example/:rest', status: 308 } }),
      route(
        'canary',
        { path: ['/a'] },
        {
          split: [
            { upstream: 'a', weight: 95 },
            { upstream: 'b', weight: 5 },
          ],
        },
      ),
    );
    const texts = ['header x-beta = "1"', 'query v ~ /^2/', 'query w present'];
    const orders = { name: 'orders', path: '/orders/*', methods: ['GET'], conditions: texts, target: 'upstream app' };
    expect(described).toEqual([
      { order: 1, ...orders, hosts: ['shop.example'] },
      { order: 2, ...orders, hosts: ['*.shop.example'] },
      { order: 3, name: 'canary', hosts: ['*'], path: '/a', methods: [], conditions: [], target: 'split a 95, b 5' },
      {
        order: 4,
        name: 'old',
        hosts: ['*'],
        path: '/old/*',
        methods: [],
        conditions: [],
        target: 'redirect 308 https://new.example/:rest',
      },
      { order: 5, name: 'fallback', hosts: ['*'], path: '/*', methods: [], conditions: [], target: 'respond 200' },
    ]);
  });

  it('hides the secrets in the address of a redirect, and in conditions that are addresses', () => {
    const to = 'https://app.example/x?v=1&access_token=hidden&X-Amz-Signature=hidden';
    const headers = new Map([['referer', exact('https://u:hidden@app.example/?sig=hidden')]]);
    const row = rows(route('old', { path: ['/a'], headers }, { redirect: { to, status: 308 } }));
    expect(row).toMatchObject([
      {
        target: 'redirect 308 https://app.example/x?v=1&access_token=****&X-Amz-Signature=****',
        conditions: ['header referer = "https://u:****@app.example/?sig=****"'],
      },
    ]);
  });

  it('hides the values that are secrets by their name', () => {
    const [row] = rows(
      route('app', {
        headers: new Map([
          ['x-internal-token', exact('TopSecret99')],
          ['authorization', exact('Bearer S3')],
          ['x-tenant', exact('shown')],
        ]),
        query: new Map([['Api_Key', exact('Hidden1')]]),
      }),
    );
    expect(row?.conditions).toEqual([
      'header x-internal-token = "****"',
      'header authorization = "****"',
      'header x-tenant = "shown"',
      'query Api_Key = "****"',
    ]);
  });

  it('is in matching order: a request goes to the first row that takes it', () => {
    fc.assert(
      fc.property(anyRoutes, fc.array(anyRequest, { minLength: 10, maxLength: 20 }), (routes, queries) => {
        const table = RouteTable.compile(routes);
        const alone = describeRoutes(table).map(({ name, hosts, path }) => {
          const given = routes[Number(name.slice(1))]!.match;
          return RouteTable.compile([route(name, { ...given, hosts, path: [path], trailingSlash: 'exact' })]);
        });
        for (const query of queries) {
          const found = table.match(query);
          // A row stands at the place of its path as it is written.
          if (found?.pattern.isSlashVariant === true) continue;
          const first = alone.map(row => row.match(query)).find(each => each !== undefined);
          expect(found?.route.name).toBe(first?.route.name);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a route is shadowed', () => {
  it.each<[string, Partial<MatchDefinition>, Partial<MatchDefinition>]>([
    ['by one with the same path', { path: ['/a'] }, { path: ['/a'] }],
    ['with other names of its parameters', { path: ['/a/:x'] }, { path: ['/a/:y'] }],
    ['by one with no path, when its path is /*', {}, { path: ['/*'] }],
    ['by one with more hosts', { hosts: ['a.b', 'c.d'] }, { hosts: ['C.D'] }],
    ['by one with more methods', { methods: ['GET', 'PUT'] }, { methods: ['PUT'] }],
    [
      'by one that asks only for the header to be there',
      { headers: new Map([['h', present]]) },
      { headers: new Map([['h', exact('1')]]) },
    ],
    [
      'by a pattern that takes its value',
      { query: new Map([['q', pattern('^1')]]) },
      { query: new Map([['q', exact('12')]]) },
    ],
    ['by the same pattern', { query: new Map([['q', pattern('^1')]]) }, { query: new Map([['q', pattern('^1')]]) }],
  ])('%s', (_, first, second) => {
    expect(shadowOf(first, second)).toBe('first');
  });

  it.each<[string, Partial<MatchDefinition>, Partial<MatchDefinition>]>([
    ['by a narrower path', { path: ['/a/:x'] }, { path: ['/a/*'] }],
    ['by a route for some of its hosts', { hosts: ['a.b'] }, { hosts: ['a.b', 'c.d'] }],
    ['by a route for a more specific kind of host', { hosts: ['a.b'] }, {}],
    ['by a route with conditions', { methods: ['GET'] }, {}],
    ['by other methods', { methods: ['GET'] }, { methods: ['GET', 'PUT'] }],
    ['by another value', { headers: new Map([['h', exact('2')]]) }, { headers: new Map([['h', exact('1')]]) }],
    ['by another header', { headers: new Map([['i', present]]) }, { headers: new Map([['h', present]]) }],
    [
      'by a pattern that does not take its value',
      { query: new Map([['q', pattern('^2')]]) },
      { query: new Map([['q', exact('1')]]) },
    ],
  ])('not %s', (_, first, second) => {
    expect(shadowOf(first, second)).toBeUndefined();
  });

  it('by a wider one of a higher priority, and not by one of a lower', () => {
    const byPriority = (priority: number, wide: Partial<MatchDefinition>, narrow: Partial<MatchDefinition>) =>
      rows(route('narrow', narrow), route('wide', wide, { upstream: 'app', priority })).find(
        ({ name }) => name === 'narrow',
      )?.shadowedBy;
    expect(byPriority(1, {}, { hosts: ['a.b'], path: ['/x/:y'] })).toBe('wide');
    expect(byPriority(1, { hosts: ['*.b'], path: ['/:x/*'] }, { hosts: ['a.b', '*.c.b'], path: ['/x'] })).toBe('wide');
    expect(byPriority(1, { path: ['/x/*'] }, { path: ['/x'], trailingSlash: 'ignore' })).toBe('wide');
    expect(byPriority(-1, {}, { hosts: ['a.b'] })).toBeUndefined();
    expect(byPriority(1, { hosts: ['*.b'] }, { hosts: ['b'] })).toBeUndefined();
    expect(byPriority(1, { path: ['/:x/*'] }, { path: ['/*'] })).toBeUndefined();
    expect(byPriority(1, { path: ['/:x'] }, { path: ['/a/*'] })).toBeUndefined();
    expect(byPriority(1, { path: ['/a'] }, { path: ['/a'], caseSensitive: false })).toBeUndefined();
    expect(byPriority(1, { path: ['/a'] }, { path: ['/a'], trailingSlash: 'ignore' })).toBeUndefined();
  });

  it('never when a request can reach it', () => {
    fc.assert(
      fc.property(anyRoutes, fc.array(anyRequest, { minLength: 10, maxLength: 20 }), (routes, queries) => {
        const table = RouteTable.compile(routes);
        const described = describeRoutes(table);
        for (const query of queries) {
          const found = table.match(query);
          if (found === undefined) continue;
          const own = described.filter(row => row.name === found.route.name);
          expect(own.some(row => row.shadowedBy === undefined || row.shadowedBy === row.name)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
