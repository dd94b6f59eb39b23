import { describe, expect, it } from 'vitest';
import type { RouteView } from '../../src/admin/api/views.js';
import { matching, shownRoutes, sorted, SteadyOrder } from './routes.js';

const row = (order: number, name: string, path = `/${name}`, hosts = ['*']): RouteView => ({
  order,
  name,
  hosts,
  path,
  methods: [],
  conditions: [],
  target: `upstream ${name}`,
});
const traffic = (name: string, requests: number, failed = 0) => ({
  name,
  requests,
  failed,
  perSecond: requests / 60,
  failedShare: failed / requests,
});
const names = (routes: readonly { readonly name: string }[]) => routes.map(({ name }) => name);

describe('the table of routes', () => {
  it('has each route once, with all its places, and what no route matched', () => {
    const table = [row(1, 'orders', '/orders/*', ['a.example', 'b.example']), row(2, 'orders', '/o/*'), row(3, 'shop')];
    const routes = shownRoutes(table, [traffic('orders', 60), traffic('none', 3)]);
    expect(routes).toMatchObject([
      {
        name: 'orders',
        order: 1,
        places: ['a.example/orders/*', 'b.example/orders/*', '/o/*'],
        traffic: { requests: 60 },
      },
      { name: 'shop', traffic: undefined },
      { name: 'none', target: 'no route matches' },
    ]);
  });

  it('is sorted as the reader likes', () => {
    const routes = shownRoutes([row(1, 'a'), row(2, 'b'), row(3, 'c')], [traffic('b', 9, 1), traffic('c', 20)]);
    expect(names(sorted(routes, 'busiest'))).toEqual(['c', 'b', 'a']);
    expect(names(sorted(routes, 'failing'))).toEqual(['b', 'a', 'c']);
    expect(names(sorted(routes, 'matching'))).toEqual(['a', 'b', 'c']);
  });

  it('keeps its order for a while', () => {
    const steady = new SteadyOrder(10_000);
    const table = [row(1, 'a'), row(2, 'b')];
    const at = (now: number, busy: string, more: RouteView[] = []) =>
      names(steady.arrange(shownRoutes([...table, ...more], [traffic(busy, 9)]), 'busiest', '', now));
    expect(at(0, 'a')).toEqual(['a', 'b']);
    expect(at(5_000, 'b')).toEqual(['a', 'b']);
    expect(at(6_000, 'b', [row(3, 'c')])).toEqual(['a', 'b', 'c']);
    expect(at(10_000, 'b')).toEqual(['b', 'a']);
  });

  it('is searched by name, place and target', () => {
    const routes = shownRoutes([row(1, 'orders'), row(2, 'shop', '/Basket')], []);
    expect(names(matching(routes, ' basket'))).toEqual(['shop']);
    expect(names(matching(routes, 'upstream orders'))).toEqual(['orders']);
    expect(matching(routes, '')).toHaveLength(2);
  });
});
