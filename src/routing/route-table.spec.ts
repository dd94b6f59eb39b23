import { describe, expect, it } from 'vitest';
import { Pattern } from '../patterns/pattern.js';
import type { MatchDefinition, RouteDefinition, RouteQuery, ValueMatch } from './route.js';
import { RouteTable } from './route-table.js';

interface Short {
  readonly hosts?: string[];
  readonly path?: string | string[];
  readonly methods?: string[];
  readonly headers?: Record<string, ValueMatch>;
  readonly query?: Record<string, ValueMatch>;
  readonly priority?: number;
}

function definition(
  name: string,
  { hosts = [], path = [], methods = [], headers = {}, query = {}, priority }: Short,
): RouteDefinition {
  const match: MatchDefinition = {
    hosts,
    path: typeof path === 'string' ? [path] : path,
    methods,
    headers: new Map(Object.entries(headers)),
    query: new Map(Object.entries(query)),
  };
  return { name, match, upstream: 'app', priority };
}

function table(routes: Record<string, Short>): RouteTable {
  return RouteTable.compile(Object.entries(routes).map(([name, short]) => definition(name, short)));
}

function request(routingPath: string, more: Partial<RouteQuery> = {}): RouteQuery {
  return { method: 'GET', host: 'shop.example', routingPath, query: undefined, headers: {}, ...more };
}

function nameOf(routes: RouteTable, path: string, more?: Partial<RouteQuery>): string | undefined {
  return routes.match(request(path, more))?.route.name;
}

const exact = (value: string): ValueMatch => ({ kind: 'exact', value });

describe('a path of a route', () => {
  it('with /* matches itself and everything below, on segment boundaries', () => {
    const routes = table({ orders: { path: '/orders/*' } });
    for (const path of ['/orders', '/orders/', '/orders/1', '/orders/1/items/2'])
      expect(nameOf(routes, path)).toBe('orders');
    for (const path of ['/ordersx', '/order', '/', '/x/orders', '*']) expect(nameOf(routes, path)).toBeUndefined();
  });

  it('without /* matches only itself, case and trailing slash included', () => {
    const routes = table({ ping: { path: '/ping' }, root: { path: '/' }, slash: { path: '/dir/' } });
    expect(nameOf(routes, '/ping')).toBe('ping');
    expect(nameOf(routes, '/')).toBe('root');
    expect(nameOf(routes, '/dir/')).toBe('slash');
    for (const path of ['/ping/', '/PING', '/ping/x', '/dir']) expect(nameOf(routes, path)).toBeUndefined();
  });

  it('takes exactly one segment that is not empty for each parameter', () => {
    const routes = table({ item: { path: '/users/:user/items/:item' }, below: { path: '/teams/:team/*' } });
    expect(nameOf(routes, '/users/1/items/2')).toBe('item');
    expect(nameOf(routes, '/teams/1')).toBe('below');
    expect(nameOf(routes, '/teams/1/')).toBe('below');
    for (const path of ['/users/1/items/', '/users/1/items', '/users/1/items/2/3', '/teams/', '/teams']) {
      expect(nameOf(routes, path)).toBeUndefined();
    }
  });

  it('may be one of a list, or be left out', () => {
    const routes = table({ some: { path: ['/a', '/b/*'] }, rest: {} });
    expect(['/a', '/b/c', '/c', '*'].map(path => nameOf(routes, path))).toEqual(['some', 'some', 'rest', 'rest']);
  });

  it('answers OPTIONS * only when it takes every path', () => {
    const options = { method: 'OPTIONS' };
    expect(nameOf(table({ param: { path: '/:any' }, deep: { path: '/a/*' } }), '*', options)).toBeUndefined();
    expect(nameOf(table({ all: { path: '/*' } }), '*', options)).toBe('all');
  });

  it('may be written with escapes or as text', () => {
    const routes = table({ text: { path: '/café' }, escaped: { path: '/th%C3%A9' }, literal: { path: '/%3Aid/%2A' } });
    expect(['/café', '/thé', '/:id/*'].map(path => nameOf(routes, path))).toEqual(['text', 'escaped', 'literal']);
  });

  it.each(['orders', '/a*', '/a/*/b', '/:', '/:a-b', '/:id/:id', '/:rest/*', '/a/../b', '/a/%2e'])(
    'cannot be %s',
    path => {
      expect(() => table({ bad: { path } })).toThrow(/route "bad": path/);
    },
  );
});

describe('the more specific route wins', () => {
  it('by path, segment by segment from the left: text, then parameter, then prefix', () => {
    const routes = table({
      all: { path: '/*' },
      prefix: { path: '/a/*' },
      param: { path: '/a/:x' },
      deepParam: { path: '/:x/b/c' },
      text: { path: '/a/b' },
      textPrefix: { path: '/a/b/*' },
    });
    expect(nameOf(routes, '/a/b')).toBe('text');
    expect(nameOf(routes, '/a/b/c')).toBe('textPrefix');
    expect(nameOf(routes, '/a/x')).toBe('param');
    expect(nameOf(routes, '/a')).toBe('prefix');
    expect(nameOf(routes, '/a/x/y')).toBe('prefix');
    expect(nameOf(routes, '/z/b/c')).toBe('deepParam');
    expect(nameOf(routes, '/z')).toBe('all');
  });

  it('by host before path: exact, then the longer wildcard, then the shorter, then any', () => {
    const routes = table({
      any: { path: '/exact/path' },
      short: { hosts: ['*.example'] },
      long: { hosts: ['*.shop.example'] },
      exact: { hosts: ['a.shop.example', 'SHOP.example.'] },
    });
    const at = (host: string) => nameOf(routes, '/exact/path', { host });
    expect(at('a.shop.example')).toBe('exact');
    expect(at('shop.example')).toBe('exact');
    expect(at('b.shop.example')).toBe('long');
    expect(at('c.b.shop.example')).toBe('long');
    expect(at('other.example')).toBe('short');
    expect(at('example')).toBe('any');
    expect(at('')).toBe('any');
    expect(at('[::1]')).toBe('any');
  });

  it('does not take the name itself for a wildcard of it', () => {
    expect(nameOf(table({ wild: { hosts: ['*.shop.example'] } }), '/', { host: 'shop.example' })).toBeUndefined();
    expect(nameOf(table({ wild: { hosts: ['*.shop.example'] } }), '/', { host: 'xshop.example' })).toBeUndefined();
  });

  it('by conditions when host and path are the same, then by the order in the file', () => {
    const routes = table({
      first: { path: '/a' },
      second: { path: '/a' },
      query: { path: '/a', query: { v: exact('2') } },
      header: { path: '/a', headers: { 'x-beta': exact('1') } },
      twoHeaders: { path: '/a', headers: { 'x-beta': exact('1'), 'x-b': { kind: 'present', present: true } } },
      method: { path: '/a', methods: ['POST'] },
    });
    const headers = { 'x-beta': '1', 'x-b': '' };
    expect(nameOf(routes, '/a', { method: 'POST', headers, query: 'v=2' })).toBe('method');
    expect(nameOf(routes, '/a', { headers, query: 'v=2' })).toBe('twoHeaders');
    expect(nameOf(routes, '/a', { headers: { 'x-beta': '1' }, query: 'v=2' })).toBe('header');
    expect(nameOf(routes, '/a', { query: 'v=2' })).toBe('query');
    expect(nameOf(routes, '/a')).toBe('first');
  });

  it('unless its conditions fail: then the next best is taken, down to any host', () => {
    const routes = table({
      exact: { hosts: ['shop.example'], path: '/a/b', methods: ['POST'] },
      param: { hosts: ['shop.example'], path: '/a/:x', methods: ['PUT'] },
      prefix: { hosts: ['shop.example'], path: '/a/*', methods: ['PATCH'] },
      wildcard: { hosts: ['*.example'], methods: ['DELETE'] },
      any: { path: '/*', methods: ['GET'] },
    });
    const taken = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD'].map(method => nameOf(routes, '/a/b', { method }));
    expect(taken).toEqual(['exact', 'param', 'prefix', 'wildcard', 'any', undefined]);
  });
});

describe('conditions', () => {
  it('compare headers exactly, by pattern, or by presence', () => {
    const routes = table({
      pattern: { headers: { 'x-v': { kind: 'pattern', pattern: new Pattern('^v[0-9]+$') } } },
      absent: { headers: { 'x-v': { kind: 'present', present: false } } },
    });
    for (let again = 0; again < 3; again++) expect(nameOf(routes, '/', { headers: { 'x-v': 'v12' } })).toBe('pattern');
    expect(nameOf(routes, '/', { headers: { 'x-v': 'w' } })).toBeUndefined();
    expect(nameOf(routes, '/')).toBe('absent');
  });

  it('do not mistake properties that every object inherits for headers', () => {
    const headers = Object.fromEntries<ValueMatch>([['constructor', { kind: 'present', present: true }]]);
    expect(nameOf(table({ odd: { headers } }), '/')).toBeUndefined();
  });

  it('look at decoded query parameters, any of several', () => {
    const routes = table({
      text: { query: { q: exact('a b&c') } },
      flag: { query: { debug: { kind: 'present', present: true } } },
      quiet: {
        query: { debug: { kind: 'present', present: false }, v: { kind: 'pattern', pattern: new Pattern('^2') } },
      },
    });
    expect(nameOf(routes, '/', { query: 'q=x&q=a+b%26c' })).toBe('text');
    expect(nameOf(routes, '/', { query: 'debug' })).toBe('flag');
    expect(nameOf(routes, '/', { query: 'v=23' })).toBe('quiet');
    expect(nameOf(routes, '/', { query: '?debug' })).toBeUndefined();
    expect(nameOf(routes, '/', { query: '%zz=%' })).toBeUndefined();
  });
});

describe('a host of a route', () => {
  it.each(['shop.example:8080', 'a b', '', '*.*', '*.', 'a.*', '[::1]:80'])('cannot be %s', host => {
    expect(() => table({ bad: { hosts: [host] } })).toThrow(/route "bad": host/);
  });

  it('may be an international name, an address, or * for any', () => {
    const routes = table({
      idn: { hosts: ['münchen.example'] },
      six: { hosts: ['[0:0::1]', '2001:DB8::1'] },
      any: { hosts: ['*'] },
    });
    expect(nameOf(routes, '/', { host: 'xn--mnchen-3ya.example' })).toBe('idn');
    expect(nameOf(routes, '/', { host: '[::1]' })).toBe('six');
    expect(nameOf(routes, '/', { host: '[2001:db8::1]' })).toBe('six');
    expect(nameOf(routes, '/', { host: 'else' })).toBe('any');
  });
});

describe('a match', () => {
  it('is the same frozen object for each request', () => {
    const routes = table({ item: { path: '/items/:id' } });
    const match = routes.match(request('/items/1'));
    expect(match).toBeDefined();
    expect(Object.isFrozen(match)).toBe(true);
    expect(routes.match(request('/items/2'))).toBe(match);
  });
});

describe('the work of a lookup', () => {
  it('visits no tree node twice, so that no path makes it take very long', () => {
    // Every mix of text and parameter, eight deep, none of which matches at its end: the worst that a tree can hold.
    const patterns = Array.from({ length: 256 }, (_, bits) =>
      Array.from({ length: 8 }, (_, i) => ((bits >> i) & 1 ? 'a' : `:p${i}`)),
    );
    const routes = table(
      Object.fromEntries(patterns.map((segments, i) => [`r${i}`, { path: `/${segments.join('/')}/end` }])),
    );
    const nodes = 2 ** 9 - 1 + 256;
    for (const asked of ['/a'.repeat(8), '/a'.repeat(9), '/a'.repeat(5000), `${'/a'.repeat(8)}/x`]) {
      const before = routes.visits;
      expect(nameOf(routes, asked)).toBeUndefined();
      expect(routes.visits - before).toBeLessThanOrEqual(nodes);
    }
  });

  it('goes no deeper than its longest path, however long the path of the request', () => {
    const routes = table({ ab: { path: '/:a/:b/c' }, prefix: { path: '/a/*' }, all: { path: '/*' } });
    for (const length of [3, 100, 10_000]) {
      const before = routes.visits;
      expect(nameOf(routes, '/a'.repeat(length))).toBe('prefix');
      expect(routes.visits - before).toBeLessThanOrEqual(5);
    }
  });

  it('does the same work with 5,000 routes as with 5', () => {
    const few: Record<string, Short> = {
      exact: { hosts: ['shop.example'], path: '/exact/path' },
      param: { hosts: ['shop.example'], path: '/users/:id' },
      prefix: { path: '/files/*' },
      wildcard: { hosts: ['*.example'], path: '/wild/:x/*' },
      last: {},
    };
    const many = Object.fromEntries(
      Array.from({ length: 5000 }, (_, i): [string, Short] => [
        `r${i}`,
        {
          hosts: i % 3 ? [i % 6 ? `h${i}.example` : `*.h${i}.example`] : [],
          path: [`/p${i}`, `/p${i}/:id`, `/q${i}/*`][i % 3] ?? '/',
        },
      ]),
    );
    const small = table(few);
    const large = table({ ...many, ...few });
    for (const path of ['/exact/path', '/users/1', '/files/a/b', '/wild/a/b', '/nothing/here']) {
      const [before, beforeLarge] = [small.visits, large.visits];
      expect(nameOf(large, path)).toBe(nameOf(small, path));
      expect(large.visits - beforeLarge).toBe(small.visits - before);
    }
  });
});

describe('a priority', () => {
  it('comes before every kind of specificity, the highest first', () => {
    const routes = table({
      exact: { hosts: ['shop.example'], path: '/a/b', methods: ['GET'] },
      wide: { priority: 1 },
      api: { path: '/a/*', priority: 2 },
      low: { hosts: ['shop.example'], path: '/a/b', headers: { h: exact('1') }, priority: -1 },
    });
    expect(nameOf(routes, '/a/b')).toBe('api');
    expect(nameOf(routes, '/x')).toBe('wide');
  });

  it('leaves a request to the next one where its conditions do not hold', () => {
    const routes = table({
      all: {},
      beta: { headers: { 'x-beta': exact('1') }, priority: 10 },
      last: { path: '/a', priority: -10 },
    });
    expect(nameOf(routes, '/a', { headers: { 'x-beta': '1' } })).toBe('beta');
    expect(nameOf(routes, '/a')).toBe('all');
  });
});
