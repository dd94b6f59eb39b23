import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConfig } from '../loading/load-config.js';
import { describeChanges } from './describe-changes.js';
import { shareUnchanged } from './share-unchanged.js';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-changes-'));
const [ca, otherCa] = [join(folder, 'ca.pem'), join(folder, 'other.pem')];
beforeAll(async () => {
  const { cert } = await generate([{ name: 'commonName', value: 'ca.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  for (const file of [ca, otherCa]) writeFileSync(file, cert);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const app = { backends: ['http://10.0.0.1:3000', { url: 'http://10.0.0.2:3000', id: 'b' }] };
const load = (changes: object) => buildConfig({ upstreams: { app }, ...changes });
const changes = (from: object, to: object) => describeChanges(load(from), load(to));

const route = (settings: object) => ({ routes: [{ name: 'orders', upstream: 'app', ...settings }] });
const upstream = (settings: object) => ({ upstreams: { app: { ...app, ...settings } } });
const backends = (...list: unknown[]) => upstream({ backends: list });
const security = (settings: object) => ({ security: settings });
const [a, b] = app.backends;

type Case = [what: string, from: object, to: object, lines: string[]];

/** Expects these lines of each change, and none of a configuration that stays. */
function says(cases: readonly Case[]): void {
  it.each(cases)('%s', (_, from, to, lines) => {
    expect(changes(from, to)).toEqual(lines);
    expect(changes(to, to)).toEqual([]);
  });
}

describe('a change of a value is told in the spelling of the file:', () => {
  says([
    [
      'a time',
      route({ timeouts: { response: '5s' } }),
      route({ timeouts: { response: '8s' } }),
      ['route orders: timeouts.response 5s → 8s'],
    ],
    [
      'a size and its default',
      {},
      security({ validation: { maxBody: '10mb' } }),
      ['security.validation.maxBody 0b (default) → 10mb'],
    ],
    [
      'a share',
      route({ mirror: { upstream: 'app', share: 0.25 } }),
      route({ mirror: { upstream: 'app' } }),
      ['route orders: mirror.share 25% → 10% (default)'],
    ],
    [
      'a number',
      security({ rateLimit: { limit: 100 } }),
      security({ rateLimit: { limit: 200 } }),
      ['security.rateLimit[0].limit 100 → 200'],
    ],
    [
      'a word that stands for a list',
      security({ validation: { methods: ['GET'] } }),
      {},
      ['security.validation.methods [GET] → any (default)'],
    ],
    [
      'a value that is not there',
      route({}),
      route({ timeouts: { response: '8s', idle: '1m' } }),
      ['route orders: timeouts.response unset → 8s', 'route orders: timeouts.idle unset → 60s'],
    ],
    [
      'a value that goes',
      security({ rateLimit: { limit: 1, burst: 5 } }),
      security({ rateLimit: { limit: 1 } }),
      ['security.rateLimit[0].burst 5 → unset'],
    ],
    [
      'statuses',
      upstream({ healthCheck: {} }),
      upstream({ healthCheck: { expectStatus: '200,204' } }),
      ['upstream app: healthCheck.expectStatus 200-399 (default) → 200,204'],
    ],
    [
      'a pattern',
      ...(['^v1$', '^v[12] x$'].map(pattern => route({ match: { headers: { 'x-v': { pattern } } } })) as [
        object,
        object,
      ]),
      ['route orders: match.headers.x-v { pattern: ^v1$ } → { pattern: "^v[12] x$" }'],
    ],
    [
      'a short list',
      { trustedProxies: [] },
      { trustedProxies: ['10.0.0.0/8', '::1'] },
      ['trustedProxies [] (default) → [10.0.0.0/8, ::1]'],
    ],
    [
      'options',
      upstream({ strategy: { name: 'consistent-hash', key: 'path' } }),
      upstream({ strategy: 'random' }),
      ['upstream app: strategy { name: consistent-hash, key: path } → random'],
    ],
    [
      'a word in the place of a block',
      { rateLimitStore: { redis: 'redis://host' } },
      {},
      ['rateLimitStore { redis: redis://host, prefix: gw: } → memory (default)'],
    ],
    [
      'a text with spaces',
      security({ headers: { hsts: 'max-age=1; preload' } }),
      security({ headers: { hsts: 'off' } }),
      ['security.headers.hsts "max-age=1; preload" → off'],
    ],
    [
      'an empty text',
      route({ respond: { body: '' }, upstream: undefined }),
      route({ respond: { body: 'unset' }, upstream: undefined }),
      ['route orders: respond.body "" → "unset"'],
    ],
    [
      'a backend that moves to a socket',
      backends({ url: 'http://10.0.0.9', id: 'x' }),
      backends({ unix: '/run/x', id: 'x' }),
      ['upstream app: backend x: url http://10.0.0.9 → unset', 'upstream app: backend x: unix unset → /run/x'],
    ],
  ]);
});

describe('what comes, goes or moves is told by its name:', () => {
  says([
    ['routes', { routes: [{ name: 'old', upstream: 'app' }] }, route({}), ['route orders added', 'route old removed']],
    [
      'a listener',
      { listeners: [{ port: 80 }, { port: 81, name: 'web' }] },
      { listeners: [{ port: 80 }] },
      ['listener web removed'],
    ],
    [
      'an upstream',
      { ...route({}), upstreams: { app, old: app } },
      { ...route({}), upstreams: { app, new: app } },
      ['upstream new added', 'upstream old removed'],
    ],
    [
      'a backend that has no id',
      backends(b),
      backends(b, 'http://10.0.0.4:3000'),
      ['upstream app: backend 10.0.0.4:3000 added'],
    ],
    ['a backend with an id', backends(a, b), backends(a), ['upstream app: backend b removed']],
    [
      'a setting of a backend behind a new one',
      backends(a, b),
      backends('http://10.0.0.4:3000', a, { ...(b as object), weight: 3 }),
      ['upstream app: backend 10.0.0.4:3000 added', 'upstream app: backend b: weight 1 (default) → 3'],
    ],
    [
      'a limit',
      security({ rateLimit: [{ limit: 1 }, { limit: 2 }] }),
      security({ rateLimit: [{ limit: 1 }] }),
      ['security.rateLimit[1] removed'],
    ],
    ['all limits', security({ rateLimit: [{ limit: 1 }] }), {}, ['security.rateLimit[0] removed']],
    ['a list without content', {}, security({ rateLimit: [] }), ['security.rateLimit unset → []']],
    ['a block', {}, security({ cors: { origins: ['https://app.example'] } }), ['security.cors added']],
    [
      'a block without defaults: its keys say more',
      route({}),
      route({ security: { auth: { mode: 'off' } } }),
      ['route orders: security.auth added'],
    ],
    ['a block without content', route({ timeouts: {} }), route({}), ['route orders: timeouts {} → unset']],
    [
      'fields',
      ...([{ set: { 'x-a': '1', 'x-b': '2' } }, { set: { 'x-b': '3', 'x-c': '4' } }].map(request =>
        route({ headers: { request } }),
      ) as [object, object]),
      [
        'route orders: headers.request.set.x-b 2 → 3',
        'route orders: headers.request.set.x-c unset → 4',
        'route orders: headers.request.set.x-a 1 → unset',
      ],
    ],
    [
      'the order of routes',
      ...([
        ['x', 'y', 'z'],
        ['z', 'new', 'x'],
      ].map(names => ({ routes: names.map(name => ({ name, match: { path: `/${name}` }, upstream: 'app' })) })) as [
        object,
        object,
      ]),
      ['routes: order changed', 'route new added', 'route y removed'],
    ],
    ['the order of backends', backends(a, b), backends(b, a), ['upstream app: backends: order changed']],
    [
      'the order of fields',
      ...([
        { 'x-a': '1', 'x-b': '2' },
        { 'x-b': '2', 'x-a': '1' },
      ].map(set => route({ headers: { request: { set } } })) as [object, object]),
      ['route orders: headers.request.set: order changed'],
    ],
    [
      'the order of upstreams',
      { ...route({}), upstreams: { app, b: app } },
      { ...route({}), upstreams: { b: app, app } },
      ['upstreams: order changed'],
    ],
  ]);

  it('settings come before the many routes and upstreams', () => {
    const from = { ...backends(a), ...route({}) };
    const to = { ...backends(b), ...route({ compress: false, timeouts: { idle: '9s' } }), sse: { resume: true } };
    expect(changes(from, to)).toEqual([
      'sse.resume false (default) → true',
      'upstream app: backend b added',
      'upstream app: backend 10.0.0.1:3000 removed',
      'route orders: timeouts.idle unset → 9s',
    ]);
  });
});

describe('lines', () => {
  it('are a hundred at most, and one that counts the others', () => {
    const routes = (count: number) => ({
      routes: Array.from({ length: count }, (_, index) => ({
        name: `r${index}`,
        match: { path: `/${index}` },
        upstream: 'app',
      })),
    });
    const many = changes(routes(1), routes(138));
    expect(many).toHaveLength(101);
    expect(many.at(-2)).toBe('route r100 added');
    expect(many.at(-1)).toBe('… and 37 more changes');
    expect(changes(routes(1), routes(102)).at(-1)).toBe('… and 1 more change');
    expect(changes(routes(1), routes(101)).at(-1)).toBe('route r100 added');
  });
});

describe('a file whose content has changed', () => {
  const files = new Set([ca]);
  const withTls = (tls: object) => load(upstream({ tls }));

  it('is told of where a key names it', () => {
    const line = `upstream app: tls.ca: the file ${ca} has changed`;
    expect(describeChanges(withTls({ ca }), withTls({ ca }), files)).toEqual([line]);
    const previous = withTls({ ca });
    expect(describeChanges(previous, previous, files)).toEqual([line]);
    expect(describeChanges(previous, shareUnchanged(withTls({ ca }), previous, files), files)).toEqual([line]);
  });

  it('is not told of where the key now names another one, or is new', () => {
    const moved = `upstream app: tls.ca ${otherCa} → ${ca}`;
    expect(describeChanges(withTls({ ca: otherCa }), withTls({ ca }), files)).toEqual([moved]);
    expect(describeChanges(load({}), withTls({ ca }), files)).toEqual(['upstream app: tls added']);
    expect(describeChanges(withTls({ ca: otherCa }), withTls({ ca: otherCa }), files)).toEqual([]);
  });
});
