import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayConfig } from '../file/gateway.config.js';
import { RouteConfig } from '../file/route.config.js';
import { isWritten } from '../language/fields.js';
import { buildUntyped } from '../loading/load-config.js';
import { shareUnchanged } from './share-unchanged.js';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-share-'));
const [ca, otherCa] = [join(folder, 'ca.pem'), join(folder, 'other.pem')];
beforeAll(async () => {
  const { cert } = await generate([{ name: 'commonName', value: 'ca.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  for (const file of [ca, otherCa]) writeFileSync(file, cert);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const key = (id: string, digit: string) => ({ id, sha256: digit.repeat(64) });
const a = { url: 'http://10.0.0.1:3000', id: 'a' };
const b = { url: 'http://10.0.0.2:3000', id: 'b' };
const app = { backends: [a, b], tls: { ca }, strategy: { name: 'consistent-hash', key: 'path' } };
const other = { backends: ['https://10.0.1.1:3443'], tls: { ca: otherCa } };
const orders = {
  name: 'orders',
  match: { path: '/orders/*', headers: { 'x-version': { pattern: '^v[0-9]+$' }, 'x-beta': '1' } },
  upstream: 'app',
  headers: { request: { set: { 'x-tier': 'gold', 'x-area': 'eu' } } },
  security: { policies: ['tenant', { name: 'quota', limits: { day: 100, hour: [10, { burst: 20 }] } }] },
};
const ping = { name: 'ping', match: { path: '/ping' }, respond: { status: 200, headers: { 'x-a': '1' } } };
const plain = {
  listeners: [
    { name: 'web', port: 8080 },
    { name: 'local', unix: '/run/gatehouse.sock' },
  ],
  upstreams: { app, other },
  routes: [orders, ping],
  security: {
    rateLimit: [{ limit: 100 }, { limit: 5, key: 'global' }],
    auth: { apiKey: { keys: [key('one', '1'), key('two', '2')] } },
  },
  rateLimitStore: { redis: 'redis://host:6379' },
};
type Changes = Partial<Record<keyof typeof plain | 'sse', unknown>>;
const load = (changes: Changes = {}) => buildUntyped({ ...plain, ...changes });

/** What is loaded after the changes, shared with what was loaded before. */
function reload(changes: Changes, changedFiles?: readonly string[]) {
  const previous = load();
  const next = shareUnchanged(load(changes), previous, new Set(changedFiles));
  // The result says what was loaded, however much of it is shared, and the configuration in force is not changed.
  expect(next).toStrictEqual(load(changes));
  expect(previous).toStrictEqual(load());
  return { previous, next };
}

const routeOf = (config: GatewayConfig, name: string) => config.routes.find(route => route.name === name)!;

/** The paths of the objects in `next` that are not in `previous`; the whole is the empty path. */
function renewed(next: unknown, previous: unknown): string[] {
  const known = new Set<unknown>();
  walk(previous, '', value => known.add(value));
  const paths: string[] = [];
  walk(next, '', (value, path) => known.has(value) || paths.push(path.slice(1)));
  return paths;
}

/** The objects on the way to a path: `a`, `a.b`, `a.b.c`. */
function wayTo(path: string): string[] {
  const steps = path.split('.').filter(step => step !== '');
  return steps.map((_, index) => steps.slice(0, index + 1).join('.'));
}

function walk(value: unknown, path: string, visit: (value: object, path: string) => void): void {
  if (typeof value !== 'object' || value === null) return;
  visit(value, path);
  const parts = value instanceof Map ? [...value] : Object.entries(value);
  for (const [step, part] of parts) walk(part, `${path}.${String(step)}`, visit);
}

describe('a configuration that says the same', () => {
  it('is the one that was there before, with all it holds', () => {
    const { previous, next } = reload({});
    expect(next).toBe(previous);
  });

  it('is so too when the file spells it in another way', () => {
    const previous = load();
    const respelled = load({
      sse: { heartbeat: '15000ms' },
      upstreams: { app: { ...app, timeouts: { response: '30s' }, backends: [{ ...a, weight: 1 }, b] }, other },
    });
    expect(shareUnchanged(respelled, previous)).toBe(previous);
  });
});

describe('after a change of', () => {
  const withOrders = (changes: object) => ({ routes: [{ ...orders, ...changes }, ping] });
  const withApp = (changes: object) => ({ upstreams: { app: { ...app, ...changes }, other } });
  const withHeader = (condition: object) =>
    withOrders({ match: { ...orders.match, headers: { ...orders.match.headers, ...condition } } });
  const withLimits = (limits: object) =>
    withOrders({ security: { policies: ['tenant', { name: 'quota', limits: { ...limits } }] } });

  it.each<[string, Changes, string]>([
    ['a value', withOrders({ match: { ...orders.match, path: '/orders' } }), 'routes.0.match.path'],
    ['a key that was not there', withOrders({ timeouts: { response: '5s' } }), 'routes.0.timeouts'],
    ['a key that is gone', withApp({ tls: undefined }), 'upstreams.app'],
    ['a backend', withApp({ backends: [a, { ...b, weight: 3 }] }), 'upstreams.app.backends.1'],
    ['backends, one more in front', withApp({ backends: ['http://10.0.0.9:3000', a, b] }), 'upstreams.app.backends.0'],
    [
      'an option',
      withApp({ strategy: { name: 'consistent-hash', key: 'client-ip' } }),
      'upstreams.app.strategy.options',
    ],
    ['the order of upstreams', { upstreams: { other, app } }, 'upstreams'],
    ['the order of routes', { routes: [ping, orders] }, 'routes'],
    ['routes, one less', { routes: [ping] }, 'routes'],
    ['listeners', { listeners: [plain.listeners[1], { name: 'web', port: 81 }] }, 'listeners.1'],
    ['a limit', { security: { ...plain.security, rateLimit: [{ limit: 100 }, { limit: 6 }] } }, 'security.rateLimit.1'],
    [
      'a secret',
      { security: { ...plain.security, auth: { apiKey: { keys: [key('two', '3'), key('one', '1')] } } } },
      'security.auth.apiKey.keys.0',
    ],
    ['one of two conditions', withHeader({ 'x-beta': '2' }), 'routes.0.match.headers.x-beta'],
    ['a pattern', withHeader({ 'x-version': { pattern: 'v' } }), 'routes.0.match.headers.x-version.pattern'],
    [
      'the order in which fields are set',
      withOrders({ headers: { request: { set: { 'x-area': 'eu', 'x-tier': 'gold' } } } }),
      'routes.0.headers.request.set',
    ],
    [
      'something deep in the options of a policy',
      withLimits({ day: 100, hour: [10, { burst: 30 }] }),
      'routes.0.security.policies.1.options.limits.hour.1',
    ],
    [
      'the order of options, which a policy may go by',
      withLimits({ hour: [10, { burst: 20 }], day: 100 }),
      'routes.0.security.policies.1.options.limits',
    ],
    ['a block to a word', { rateLimitStore: 'memory' }, ''],
  ])('%s, only that and what holds it are new objects', (_, changes, path) => {
    const { previous, next } = reload(changes);
    expect(renewed(next, previous)).toEqual(['', ...wayTo(path)]);
  });

  it('routes, one more in front, the others are the same objects', () => {
    const { previous, next } = reload({ routes: [{ ...ping, name: 'new' }, orders, ping] });
    expect(next.routes.slice(1)).toEqual(previous.routes);
    expect(next.routes.slice(1).every((route, index) => route === previous.routes[index])).toBe(true);
  });
});

describe('what is shared', () => {
  it('goes on being shared over several changes', () => {
    const first = load();
    const second = shareUnchanged(load({ routes: [ping] }), first);
    const third = shareUnchanged(load({ routes: [ping], sse: { resume: true } }), second);
    expect(third.routes).toBe(second.routes);
    expect(third.upstreams).toBe(first.upstreams);
    expect(routeOf(third, 'ping')).toBe(routeOf(first, 'ping'));
  });

  it('leaves what is new the instances of their classes, which know what was written', () => {
    const { next } = reload({ routes: [{ ...orders, compress: false }] });
    expect(next).toBeInstanceOf(GatewayConfig);
    expect(routeOf(next, 'orders')).toBeInstanceOf(RouteConfig);
    expect(isWritten(next, 'sse')).toBe(false);
    expect(isWritten(next, 'routes')).toBe(true);
  });

  it('is each element once, even where elements share their name', () => {
    const keys = [key('one', '1'), key('one', '2')];
    const withKeys = (...list: unknown[]) => load({ security: { auth: { apiKey: { keys: list } } } });
    const keysOf = (config: GatewayConfig) => config.security.auth!.apiKey!.keys;
    const previous = withKeys(...keys);
    const next = shareUnchanged(withKeys(...keys, key('one', '3')), previous);
    expect(keysOf(next).map(each => keysOf(previous).indexOf(each))).toEqual([0, 1, -1]);
    expect(next).toStrictEqual(withKeys(...keys, key('one', '3')));
  });

  it('is nothing that cannot be compared', () => {
    const [previous, next] = [load(), load()];
    for (const config of [previous, next]) {
      Object.assign(routeOf(config, 'orders').security!.policies![1]!.options, { since: new Date(0) });
    }
    const shared = shareUnchanged(next, previous);
    expect(routeOf(shared, 'orders')).not.toBe(routeOf(previous, 'orders'));
    expect(routeOf(shared, 'ping')).toBe(routeOf(previous, 'ping'));
  });

  it('may have options with any name', () => {
    const options = JSON.parse('{ "name": "odd", "__proto__": { "a": 1 }, "constructor": "x" }') as object;
    const odd = (options: object) => load({ routes: [{ ...orders, security: { policies: [options] } }, ping] });
    const previous = odd(options);
    expect(shareUnchanged(odd(options), previous)).toBe(previous);
    const next = JSON.parse('{ "name": "odd", "__proto__": { "a": 2 }, "constructor": "x" }') as object;
    expect(shareUnchanged(odd(next), previous)).toStrictEqual(odd(next));
  });
});

describe('a file whose content has changed', () => {
  it('renews the block that names it and the blocks around that, and nothing else', () => {
    const { previous, next } = reload({}, [ca]);
    expect(renewed(next, previous)).toEqual(['', ...wayTo('upstreams.app.tls')]);
  });

  it('renews nothing when no key of the configuration names it', () => {
    const { previous, next } = reload({}, [join(folder, 'unknown.pem')]);
    expect(next).toBe(previous);
  });

  it('renews no block that says the path where no file is meant', () => {
    const withPrefix = () => load({ rateLimitStore: { redis: 'redis://host:6379', prefix: '/ca.pem' } });
    const previous = withPrefix();
    expect(shareUnchanged(withPrefix(), previous, new Set(['/ca.pem']))).toBe(previous);
  });
});

describe('a large configuration', () => {
  it('is compared in a time that grows with its size, not with the square of that', () => {
    const count = 2_000;
    let looks = 0;
    const many = () => {
      const config = load();
      config.routes = Array.from({ length: count }, (_, index) =>
        Object.defineProperty(new RouteConfig(), 'name', {
          enumerable: true,
          configurable: true,
          get: () => {
            looks++;
            return `route-${index}`;
          },
        }),
      );
      return config;
    };
    const previous = many();
    const next = many();
    next.routes.reverse();
    const shared = shareUnchanged(next, previous);
    expect(shared.routes.every((route, index) => route === previous.routes[count - 1 - index])).toBe(true);
    expect(looks / count).toBeLessThan(20);
  });
});
