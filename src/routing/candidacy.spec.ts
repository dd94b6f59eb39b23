import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidacies } from './candidacy.js';
import type { MatchDefinition, RouteDefinition, RouteQuery, ValueMatch } from './route.js';
import { RouteTable } from './route-table.js';

function route(name: string, match: Partial<MatchDefinition> = {}, priority = 0): RouteDefinition {
  const all = { hosts: [], path: [], methods: [], headers: new Map(), query: new Map(), ...match };
  return { name, match: all, upstream: 'app', priority };
}

function asks(routingPath: string, more: Partial<RouteQuery> = {}): RouteQuery {
  return { method: 'GET', host: 'shop.example', routingPath, query: undefined, headers: {}, ...more };
}

const exact = (value: string): ValueMatch => ({ kind: 'exact', value });

/** A line for each route: its name, what has become of it, and why. */
function told(routes: readonly RouteDefinition[], request: RouteQuery): string[] {
  return candidacies(RouteTable.compile(routes), request).routes.map(
    ({ name, outcome, why }) => `${name} ${outcome}: ${why}`,
  );
}

describe('what became of the routes of a table', () => {
  it('says of each why it is not the one', () => {
    const routes = [
      route('everything'),
      route('orders', { path: ['/orders/*'] }),
      route('beta', { path: ['/orders/*'], headers: new Map([['x-beta', exact('1')]]) }),
      route('write', { path: ['/orders/:id'], methods: ['POST', 'PUT'] }),
      route('newer', { path: ['/orders/*'], query: new Map([['v', exact('2')]]) }),
      route('other-host', { hosts: ['*.eu.example'], path: ['/orders/*'] }),
      route('ping', { path: ['/ping'] }),
    ];
    expect(told(routes, asks('/orders/7'))).toEqual([
      'write passed over: method POST, PUT does not hold',
      'beta passed over: header x-beta = "1" does not hold',
      'newer passed over: query v = "2" does not hold',
      'orders wins: any host, path fit',
      'everything passed over: fits too, but orders comes first: a more specific path',
      'other-host other: the host does not fit',
      'ping other: the path does not fit',
    ]);
  });

  it.each<[string, RouteDefinition, RouteDefinition]>([
    ['priority 3', route('second', { hosts: ['shop.example'] }), route('first', {}, 3)],
    ['a more specific host', route('second'), route('first', { hosts: ['shop.example'] })],
    ['a more specific path', route('second', { path: ['/:x'] }), route('first', { path: ['/a'] })],
    ['more conditions', route('second'), route('first', { methods: ['GET'] })],
    ['first in the file', route('first'), route('second')],
  ])('names what put one of two before the other: %s', (why, ...routes) => {
    expect(told(routes, asks('/a'))[1]).toBe(`second passed over: fits too, but first comes first: ${why}`);
  });

  it('shows no value of a condition that is a secret', () => {
    const routes = [route('inside', { headers: new Map([['authorization', exact('Bearer S3')]]) })];
    expect(told(routes, asks('/'))).toEqual(['inside passed over: header authorization = "****" does not hold']);
  });

  it('counts what it does not name', () => {
    const many = Array.from({ length: 60 }, (_, i) => route(`r${i}`, { path: [`/r${i}`] }));
    const { routes, more } = candidacies(RouteTable.compile(many), asks('/r7'));
    expect([routes[0]?.outcome, routes.length, more]).toEqual(['wins', 51, 9]);
  });

  const anyRoutes = fc
    .array(
      fc.record({
        hosts: fc.uniqueArray(fc.constantFrom('a.b', '*.b', '*'), { maxLength: 2 }),
        path: fc.uniqueArray(fc.constantFrom('/a', '/A', '/a/', '/:x', '/a/b', '/:x/*', '/*'), { maxLength: 3 }),
        methods: fc.constantFrom([], ['GET']),
        caseSensitive: fc.boolean(),
        trailingSlash: fc.constantFrom('exact' as const, 'ignore' as const),
        priority: fc.constantFrom(0, 0, 1),
      }),
      { maxLength: 6 },
    )
    .map(all => all.map(({ priority, ...match }, i) => route(`r${i}`, match, priority)));

  it('has the route that the table finds as the winner', () => {
    fc.assert(
      fc.property(
        anyRoutes,
        fc.constantFrom('/a', '/A', '/a/', '/a/b', '/b/c', '*', '/'),
        fc.constantFrom('a.b', 'c.b', 'c'),
        fc.constantFrom('GET', 'PUT'),
        (routes, path, host, method) => {
          const table = RouteTable.compile(routes);
          const request = asks(path, { host, method });
          const winner = candidacies(table, request).routes.find(({ outcome }) => outcome === 'wins');
          expect(winner?.name).toBe(table.match(request)?.route.name);
        },
      ),
      { numRuns: 500 },
    );
  });
});
