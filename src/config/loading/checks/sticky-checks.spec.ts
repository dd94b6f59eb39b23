import { describe, expect, it } from 'vitest';
import { parseConfig } from '../load-config.js';

const routeTo = (upstream: string, hosts: readonly string[] = []): object => ({
  upstream,
  match: { hosts, path: `/${upstream}/*` },
});

function load(cookies: Readonly<Record<string, object>>, routes: readonly object[]) {
  const backends = ['http://127.0.0.1:3001'];
  const upstreams = Object.fromEntries(Object.entries(cookies).map(([name, more]) => [name, { backends, ...more }]));
  const { config, warnings } = parseConfig(JSON.stringify({ upstreams, routes }));
  return { config, warnings: warnings.map(({ path, message }) => `${path}: ${message}`) };
}

const named = { sticky: { cookie: 'at' } };

describe('sticky cookies', () => {
  it('of two upstreams on one host do not overwrite each other: the name holds that of the upstream', () => {
    const both = { shop: { sticky: {} }, 'orders.v2': { sticky: {} } };
    const { config, warnings } = load(both, [routeTo('shop'), routeTo('orders.v2')]);
    expect(warnings).toEqual([]);
    expect([...config.upstreams.values()].map(({ sticky }) => sticky)).toMatchObject([
      { cookie: 'gw_shop', ttl: 0 },
      { cookie: 'gw_orders.v2', ttl: 0 },
    ]);
  });

  it.each([
    [[], [], 'any host'],
    [['a.example'], [], 'a.example'],
    [['a.example', 'b.example'], ['c.example', 'b.example'], 'b.example'],
    [['*.example'], ['a.example'], 'a.example'],
    [['x.a.example'], ['*.example'], 'x.a.example'],
  ])('of one name are warned of where hosts %j and %j lead to both upstreams', (some, others, where) => {
    const { warnings } = load({ a: named, b: named }, [routeTo('a', some), routeTo('b', others)]);
    expect(warnings).toEqual([
      `upstreams.b.sticky.cookie: ${where} leads to upstream "a" too, whose sticky cookie is called "at" as well: the two overwrite each other at every request`,
    ]);
  });

  it('of one name are warned of where a split or a fallback leads to both', () => {
    const split = {
      split: [
        { upstream: 'a', weight: 1 },
        { upstream: 'b', weight: 1 },
      ],
    };
    expect(load({ a: named, b: named }, [split]).warnings).toHaveLength(1);
    const spare = { a: { ...named, fallback: { upstream: 'b' } }, b: named };
    expect(load(spare, [routeTo('a')]).warnings).toHaveLength(1);
  });

  it.each([
    [['a.example'], ['b.example']],
    [['*.a.example'], ['a.example']],
  ])('of one name are fine on hosts %j and %j', (some, others) => {
    expect(load({ a: named, b: named }, [routeTo('a', some), routeTo('b', others)]).warnings).toEqual([]);
  });
});
