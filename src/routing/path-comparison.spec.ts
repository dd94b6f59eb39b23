import { describe, expect, it } from 'vitest';
import { describeRoutes } from './describe.js';
import { Rewrite } from './rewrite.js';
import { patternsOf } from './path-pattern.js';
import { RouteTable } from './route-table.js';
import type { MatchDefinition, RouteDefinition } from './route.js';

const loose = { caseSensitive: false, trailingSlash: 'ignore' } as const;

function route(name: string, path: string | string[], match: Partial<MatchDefinition> = {}): RouteDefinition {
  const paths = typeof path === 'string' ? [path] : path;
  const none = { hosts: [], methods: [], headers: new Map(), query: new Map() };
  return { name, match: { ...none, path: paths, ...match }, upstream: 'app' };
}

/** The name of the route for each path. */
function found(routes: readonly RouteDefinition[], ...paths: string[]): (string | undefined)[] {
  const table = RouteTable.compile(routes);
  const rest = { method: 'GET', host: 'shop.example', query: undefined, headers: {} };
  return paths.map(routingPath => table.match({ ...rest, routingPath })?.route.name);
}

describe('a route that takes upper and lower case alike', () => {
  const routes = [route('admin', '/Admin/*', loose), route('rest', '/*')];

  it('is found by every spelling, its own included', () => {
    expect(found(routes, '/admin/x', '/ADMIN', '/Admin/', '/aDmIn/X')).toEqual(Array(4).fill('admin'));
    expect(found(routes, '/administrator', '/x/admin', '/')).toEqual(Array(3).fill('rest'));
  });

  it('is found beside routes that do not, each by its own rule', () => {
    const mixed = [route('loose', '/a/b', loose), route('upper', '/A/B'), route('lower', '/a/b'), route('rest', '/*')];
    expect(found(mixed, '/A/B', '/a/b', '/A/b', '/a/B')).toEqual(['upper', 'lower', 'loose', 'loose']);
    expect(found([route('a', ['/x', '/X', '/Y/*'])], '/x', '/X', '/y/1', '/Y/1')).toEqual(['a', 'a', undefined, 'a']);
  });

  it('does not take requests from a longer path that is compared letter by letter', () => {
    const mixed = [route('prefix', '/a/*'), route('exact', '/a/b', loose), route('deep', '/A/:id/c', loose)];
    expect(found(mixed, '/a/b', '/a/B', '/a/x', '/a/x/C', '/A/x')).toEqual([
      'exact',
      'exact',
      'prefix',
      'deep',
      undefined,
    ]);
  });

  it('falls back to the next one when its conditions are not met', () => {
    const mixed = [route('post', '/a', { ...loose, methods: ['POST'] }), route('get', '/A'), route('rest', '/*')];
    expect(found(mixed, '/a', '/A')).toEqual(['rest', 'get']);
  });

  it('keeps the case of parameters, and folds other letters than those of ASCII', () => {
    const table = RouteTable.compile([route('user', '/Café/:id', loose)]);
    const match = table.match({ method: 'GET', host: '', routingPath: '/CAFÉ/AbC', query: undefined, headers: {} });
    expect(match?.pattern.parameters.get('id')).toBe(1);
  });

  it('takes its prefix off in any spelling of upper and lower case', () => {
    const [pattern] = patternsOf('/Orders/*', loose);
    const rewrite = new Rewrite({ stripPrefix: '/orders' }, [pattern!], false);
    expect(rewrite.apply(pattern!, { raw: '/ORDERS/A%2Fb', routing: '/ORDERS/A/b' })).toBe('/A%2Fb');
    const strict = new Rewrite({ stripPrefix: '/orders' }, [pattern!]);
    expect(strict.apply(pattern!, { raw: '/ORDERS/A', routing: '/ORDERS/A' })).toBe('/ORDERS/A');
  });
});

describe('a route that ignores a slash at the end', () => {
  const routes = [
    route('admin', '/admin', loose),
    route('list', '/users/', loose),
    route('user', '/users/:id', { trailingSlash: 'ignore' }),
    route('rest', '/*'),
  ];

  it('is found with it and without it', () => {
    expect(found(routes, '/admin', '/admin/', '/users', '/users/', '/users/7', '/users/7/')).toEqual([
      ...['admin', 'admin', 'list', 'list', 'user', 'user'],
    ]);
    expect(found(routes, '/admin/x', '/users/7/x', '/')).toEqual(Array(3).fill('rest'));
    expect(found([route('root', '/', loose)], '/', '')).toEqual(['root', undefined]);
  });

  it('gives way to one that has the slash', () => {
    const both = [route('ignores', '/a', { trailingSlash: 'ignore' }), route('exact', '/a/')];
    expect(found(both, '/a', '/a/')).toEqual(['ignores', 'exact']);
  });

  it('stands once in the table that is printed', () => {
    expect(describeRoutes(RouteTable.compile(routes)).map(({ order, path }) => [order, path])).toEqual([
      [1, '/admin'],
      [2, '/users/'],
      [3, '/users/:id'],
      [4, '/*'],
    ]);
  });
});

it('a route is shadowed by an earlier one that takes its paths in every case, and not by one that takes them in its own', () => {
  const shadows = (routes: RouteDefinition[]): (string | undefined)[] =>
    describeRoutes(RouteTable.compile(routes)).map(({ name, shadowedBy }) => shadowedBy && `${name} by ${shadowedBy}`);
  expect(shadows([route('one', '/a', loose), route('two', '/A', loose)])).toEqual([undefined, 'two by one']);
  expect(shadows([route('one', '/a'), route('two', '/A')])).toEqual([undefined, undefined]);
  expect(shadows([route('one', '/a'), route('two', '/a', loose)])).toEqual([undefined, undefined]);
  expect(shadows([route('one', '/a'), route('two', '/a', { trailingSlash: 'ignore' })])).toEqual([
    undefined,
    undefined,
  ]);
});

it('is looked up in as few steps as letter by letter', () => {
  const visits = (match: Partial<MatchDefinition>): number => {
    const table = RouteTable.compile(
      Array.from({ length: 500 }, (_, i) => route(`r${i}`, `/api/Thing${i}/:id/*`, match)),
    );
    table.match({ method: 'GET', host: '', routingPath: '/api/Thing77/1/x', query: undefined, headers: {} });
    return table.visits;
  };
  expect(visits(loose)).toBe(visits({}));
});
