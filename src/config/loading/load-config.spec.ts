import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pattern } from '../../patterns/pattern.js';
import { ConfigError } from './config-error.js';
import { effectiveConfig } from '../showing/effective-config.js';
import { buildConfig, buildUntyped, loadConfig, parseConfig } from './load-config.js';
import { timeoutsOf, securityOf } from '../file/route-settings.js';

const app = { app: { backends: ['http://127.0.0.1:3001'] } };

function outcomeOf(plain: unknown): unknown {
  try {
    return buildUntyped(plain);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('a configuration', () => {
  it('needs no listeners and no routes when there is one upstream', () => {
    const { listeners, routes } = buildConfig({ upstreams: app });
    expect(listeners).toMatchObject([{ name: '8080', host: '0.0.0.0', port: 8080, http2: false }]);
    expect(routes).toMatchObject([{ name: 'default', upstream: 'app', match: { hosts: [], path: [] } }]);
  });

  it('gives names to parts without a name', () => {
    const config = buildConfig({
      listeners: [{ port: 0 }, { port: 0 }, { unix: '/run/gw.sock' }],
      upstreams: {
        app: { backends: ['http://a', 'https://b', 'http://[::1]:1', 'unix:/run/b.sock', { unix: '/run/c.sock' }] },
      },
      routes: [
        { upstream: 'app', match: { path: '/a' } },
        { upstream: 'app', match: { path: ['/a', '/b'] } },
        { upstream: 'app' },
      ],
    });
    expect(config.listeners.map(({ name }) => name)).toEqual(['0', '0-2', '/run/gw.sock']);
    expect(config.routes.map(({ name }) => name)).toEqual(['/a', '/a-2', 'route-3']);
    expect(config.upstreams.get('app')?.backends.map(({ id, url, unix }) => [id, url, unix])).toEqual([
      ['a:80', 'http://a', undefined],
      ['b:443', 'https://b', undefined],
      ['[::1]:1', 'http://[::1]:1', undefined],
      ['/run/b.sock', 'http://localhost', '/run/b.sock'],
      ['/run/c.sock', 'http://localhost', '/run/c.sock'],
    ]);
  });

  it('takes the short forms', () => {
    const { routes, upstreams } = buildConfig({
      upstreams: { app: { ...app.app, strategy: 'random' }, b: { ...app.app, strategy: { name: 'consistent-hash' } } },
      routes: [
        {
          match: {
            path: '/a',
            methods: ['get'],
            headers: { 'X-A': 'a', 'x-b': { pattern: '^b' }, 'x-c': { present: false } },
          },
          split: [
            { upstream: 'app', weight: 1 },
            { upstream: 'b', weight: 0 },
          ],
        },
      ],
    });
    expect(upstreams.get('app')?.strategy).toEqual({ name: 'random', options: {} });
    expect(upstreams.get('b')?.strategy).toEqual({ name: 'consistent-hash', options: { key: 'client-ip' } });
    expect(routes[0]?.match.path).toEqual(['/a']);
    expect(routes[0]?.match.methods).toEqual(['GET']);
    expect([...(routes[0]?.match.headers ?? [])]).toEqual([
      ['x-a', { kind: 'exact', value: 'a' }],
      ['x-b', { kind: 'pattern', pattern: new Pattern('^b') }],
      ['x-c', { kind: 'present', present: false }],
    ]);
  });

  it('lets a route override single keys of its upstream and of the gateway', () => {
    const config = buildConfig({
      upstreams: { app: { ...app.app, timeouts: { connect: '1s' } } },
      security: { validation: { maxBody: '1mb', methods: ['GET'], path: { controls: 'reject' } } },
      routes: [
        {
          upstream: 'app',
          timeouts: { response: '5s' },
          security: { validation: { maxBody: '2mb', path: { encodedSlash: 'reject' } } },
        },
      ],
    });
    const [upstream, route] = [config.upstreams.get('app'), config.routes[0]];
    if (!upstream || !route) throw new Error('the upstream and the route are missing');
    expect({ ...route.timeouts }).toEqual({ response: 5000 });
    expect(Object.keys(route.timeouts ?? {})).toEqual(['response']);
    expect(timeoutsOf(upstream, route)).toEqual({ connect: 1000, response: 5000, idle: 60_000 });
    expect(securityOf(config, route).validation).toMatchObject({
      maxBody: 2 * 1024 ** 2,
      methods: ['GET'],
      path: { controls: 'reject', encodedSlash: 'reject', dotSegments: 'normalize' },
    });
  });

  it('does not change the object from which it is made, nor share anything with it', () => {
    const plain = { upstreams: app, logging: { access: { redact: ['x'] } } };
    const before = structuredClone(plain);
    const config = buildConfig(plain);
    config.logging.access.redact.push('y');
    expect(plain).toEqual(before);
    expect(buildConfig(plain).logging.access.redact).toEqual(['x']);
  });

  it('is refused without a crash, for any value at any place', () => {
    const junk = [
      null,
      -1,
      'x',
      '${',
      [],
      [null],
      {},
      { constructor: { a: 1 } },
      JSON.parse('{"__proto__":1}') as unknown,
    ];
    const keys = Object.keys(effectiveConfig(buildConfig({ upstreams: app, listeners: [{}] })));
    const outcomes: unknown[] = [];
    for (const key of keys) {
      for (const value of junk) {
        const plain = { upstreams: app, [key]: value };
        for (const nested of [
          plain,
          { upstreams: { app: { ...app.app, [key]: value } } },
          { upstreams: app, [key]: { a: value } },
        ]) {
          // A throw is neither acceptance nor refusal.
          outcomes.push(outcomeOf(nested));
        }
      }
    }
    expect(outcomes).toHaveLength(keys.length * junk.length * 3);
  });

  it('counts an empty token as none', () => {
    expect(buildConfig({ upstreams: app, admin: { token: '' } }).admin).not.toHaveProperty('token');
    expect(buildConfig({ upstreams: app, admin: { token: 't', host: '0.0.0.0' } }).admin.token).toBe('t');
  });

  it('takes strategies that are not built in, and warns when a name looks misspelt', () => {
    const warningsFor = (name: string): readonly string[] =>
      parseConfig(`upstreams: { app: { strategy: ${name}, backends: [http://a] } }`).warnings.map(
        ({ message, suggestion }) => `${message} ${suggestion}`,
      );
    expect(warningsFor('idlest')).toEqual([]);
    expect(warningsFor('round-robbin')).toEqual([
      '"round-robbin" is not built in; a module must register it "round-robin"',
    ]);
  });

  it('takes forwarders and policies that are not built in, and warns when a name looks misspelt', () => {
    const warningsFor = (name: string): readonly string[] =>
      parseConfig(
        `upstreams: { app: { forwarder: ${name}, backends: [http://a] } }\nsecurity: { policies: [${name}] }`,
      ).warnings.map(({ path, message, suggestion }) => `${path}: ${message} ${suggestion}`);
    expect(warningsFor('recorded')).toEqual([]);
    expect(warningsFor('undicci')).toEqual([
      'upstreams.app.forwarder: "undicci" is not built in; a module must register it "undici"',
    ]);
  });

  it('warns of settings that work but are probably not intended', () => {
    const { warnings } = parseConfig(`
trustedProxies: [0.0.0.0/0]
upstreams:
  app: { backends: [{ url: http://a, backup: true }], tls: { verify: false } }
  unused: { backends: [http://a] }
routes:
  - { match: { path: /a }, upstream: app, rewrite: { stripPrefix: /b } }
`);
    expect(warnings.map(({ path, line }) => `${line} ${path}`)).toEqual([
      '2 trustedProxies',
      '4 upstreams.app.backends',
      '4 upstreams.app.tls',
      '4 upstreams.app.tls.verify',
      '5 upstreams.unused',
      '7 routes[0].rewrite',
    ]);
  });
});

describe('a configuration file', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-load-'));
    writeFileSync(join(folder, 'token'), 'from-a-file\n');
    writeFileSync(join(folder, 'page.html'), '<p>${NAME}</p>\n');
    writeFileSync(
      join(folder, 'gateway.yaml'),
      `
admin: { port: "\${ADMIN_PORT:-0}", token: { file: token } }
listeners: [{ port: "\${PORT}", limits: &limits { connections: 5 } }, { unix: gw.sock, limits: *limits }]
upstreams: { app: { backends: ["http://\${HOST}:3000"] } }
routes: [{ respond: { body: { file: page.html } } }]
`,
    );
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is read with its variables, its secrets and the files beside it', () => {
    const { config } = loadConfig(join(folder, 'gateway.yaml'), { PORT: '8081', HOST: 'backend' });
    expect(config.admin).toEqual({ host: '127.0.0.1', port: 0, token: 'from-a-file' });
    expect(config.listeners.map(({ port, unix, limits }) => [port, unix, limits.connections])).toEqual([
      [8081, undefined, 5],
      [undefined, join(folder, 'gw.sock'), 5],
    ]);
    expect(config.listeners[0]?.limits).not.toBe(config.listeners[1]?.limits);
    expect(config.upstreams.get('app')?.backends[0]?.id).toBe('backend:3000');
    expect(config.routes[0]?.respond?.body).toBe('<p>${NAME}</p>\n');
  });
});
