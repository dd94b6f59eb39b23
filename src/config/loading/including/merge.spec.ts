import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectiveConfig } from '../../showing/effective-config.js';
import type { LoadedConfig } from '../compile.js';
import { ConfigError } from '../config-error.js';
import { loadConfig, parseConfig } from '../load-config.js';
import { formatProblem } from '../problem.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'gatehouse-merge-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Loads the first of some files, with `include` in front of it. */
function load(files: Readonly<Record<string, string>>): LoadedConfig {
  const [main = '', ...others] = Object.keys(files);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name === main ? `include: [${others.join(', ')}]\n${text}` : text);
  }
  return loadConfig(join(folder, main), {});
}

/** The problems of some files, without the folder. */
function complaintsAbout(files: Readonly<Record<string, string>>): string[] {
  try {
    load(files);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(`${folder}/`, '').split('\n');
    throw error;
  }
}

const app = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }';

describe('several files', () => {
  it('mean what one file means that holds all of their keys', () => {
    const { config, warnings } = load({
      'gateway.yaml': `
listeners: [{ port: 8080 }]
trustedProxies: [10.0.0.0/8]
security:
  validation: { maxBody: 1mb, path: { controls: reject } }
logging: { access: { exclude: [/ping] } }
routes: [{ name: a, match: { path: /a }, upstream: app }]
`,
      'b.yaml': `
upstreams: { app: { backends: [http://127.0.0.1:3001] } }
security: { validation: { maxUrl: 8kb, path: { backslash: keep } }, ipFilter: { deny: [203.0.113.0/24] } }
routes: [{ name: b, match: { path: /b }, upstream: b }, { name: c, match: { path: /c }, upstream: app }]
`,
      'c.yaml': `
listeners: [{ port: 8081 }]
trustedProxies: [192.168.0.0/16]
upstreams: { b: { backends: [http://127.0.0.1:3002] } }
logging: { level: warn, access: { sample: 50% } }
`,
    });
    const one = parseConfig(`
listeners: [{ port: 8080 }, { port: 8081 }]
trustedProxies: [10.0.0.0/8, 192.168.0.0/16]
upstreams: { app: { backends: [http://127.0.0.1:3001] }, b: { backends: [http://127.0.0.1:3002] } }
security:
  validation: { maxBody: 1mb, maxUrl: 8kb, path: { controls: reject, backslash: keep } }
  ipFilter: { deny: [203.0.113.0/24] }
logging: { level: warn, access: { exclude: [/ping], sample: 50% } }
routes:
  - { name: a, match: { path: /a }, upstream: app }
  - { name: b, match: { path: /b }, upstream: b }
  - { name: c, match: { path: /c }, upstream: app }
`);
    expect(effectiveConfig(config)).toEqual(effectiveConfig(one.config));
    expect(config).toEqual(one.config);
    expect(warnings).toEqual([]);
  });

  it('give no name and no setting twice', () => {
    expect(
      complaintsAbout({
        'gateway.yaml': `${app}\nsecurity: { validation: { maxBody: 1mb } }\nworkers: 1\nadmin: { port: 0 }`,
        'conf.d/a.yaml': `upstreams:\n  other: { backends: [http://127.0.0.1:3002] }\n  app: { backends: [http://127.0.0.1:3003] }`,
        'conf.d/b.yaml': `workers: 1\nsecurity:\n  validation:\n    maxBody: 1mb\n    methods: [GET]\nlogging: { access: { exclude: [/a] } }`,
        'conf.d/c.yaml': `logging: { access: { exclude: [/b] } }\nadmin: { port: 0 }\nworkers: 1`,
        'conf.d/routes.yaml': 'routes: [{ upstream: app }, { match: { path: /o }, upstream: other }]',
      }),
    ).toEqual([
      'conf.d/a.yaml:3:3 upstreams.app: stands at gateway.yaml:2:14 too: only one file may give it',
      'conf.d/b.yaml:1:1 workers: stands at gateway.yaml:4:1 too: only one file may give it',
      'conf.d/b.yaml:4:5 security.validation.maxBody: stands at gateway.yaml:3:27 too: only one file may give it',
      'conf.d/c.yaml:1:22 logging.access.exclude: stands at conf.d/b.yaml:6:22 too: only one file may give it',
      'conf.d/c.yaml:2:10 admin.port: stands at gateway.yaml:5:10 too: only one file may give it',
      'conf.d/c.yaml:3:1 workers: stands at gateway.yaml:4:1 too: only one file may give it',
    ]);
  });

  it('do not join what counts as a whole, such as a rate limit or a word that stands for a block', () => {
    expect(
      complaintsAbout({
        'gateway.yaml': `${app}\nsecurity: { rateLimit: { limit: 10 }, validation: { path: strict } }`,
        'b.yaml': 'security: { rateLimit: { per: 1m }, validation: { path: { controls: keep } } }',
      }),
    ).toEqual([
      'b.yaml:1:13 security.rateLimit: stands at gateway.yaml:3:13 too: only one file may give it',
      'b.yaml:1:51 security.validation.path: stands at gateway.yaml:3:53 too: only one file may give it',
    ]);
  });

  it('are told apart in every message, also by what is found in the whole', () => {
    expect(
      complaintsAbout({
        'gateway.yaml': `
listeners: [{ name: web, port: 8080 }]
upstreams: { app: { backends: [http://127.0.0.1:3001], strategy: round-robin } }
routes:
  - { name: a, match: { path: /a }, upstream: app }
  - { name: b, match: { path: /b }, upstream: app, timeouts: { idle: 5 } }`,
        'conf.d/a.yaml': `
listeners: [{ name: two, port: 8080 }]
upstreams:
  orders:
    backends: [http://127.0.0.1:8080]
    timeouts: { connect: 2 apples }`,
        'conf.d/b.yaml': `
listeners:
  - { name: web, port: 8081 }
routes:
  - { name: c, match: { path: /c }, upstream: app }
  - { name: a, match: { path: /d }, upstream: oders }
  - { name: e, match: { path: /e }, upstream: app, security: { validation: { maxBody: "\${NONE}" } } }
security: { auth: {} }`,
      }),
    ).toEqual([
      'gateway.yaml:7:70 routes[1].timeouts.idle: found 5, expected a duration such as 250ms, 5s, 1m (did you mean "5s"?)',
      'conf.d/a.yaml:2:13 listeners[1]: listeners[0] (gateway.yaml:3:13) listens on 0.0.0.0:8080 too',
      'conf.d/a.yaml:5:16 upstreams.orders.backends[0]: listeners[0] (gateway.yaml:3:13) of this gateway listens there: its requests would come back to it',
      'conf.d/a.yaml:6:26 upstreams.orders.timeouts.connect: found "2 apples", expected a duration such as 250ms, 5s, 1m',
      'conf.d/b.yaml:3:13 listeners[2].name: listeners[0] (gateway.yaml:3:13) is called "web" too',
      'conf.d/b.yaml:6:13 routes[3].name: routes[0] (gateway.yaml:6:5) is called "a" too',
      'conf.d/b.yaml:6:47 routes[3].upstream: no upstream is called "oders", known are app, orders (did you mean "orders"?)',
      'conf.d/b.yaml:7:87 routes[4].security.validation.maxBody: the environment variable NONE is not set, and no default is given',
      'conf.d/b.yaml:8:13 security.auth: no method: give one of jwt, apiKey, basic, forward, or mode: off',
    ]);
  });

  it('name their own place in warnings', () => {
    const { warnings } = load({
      'gateway.yaml': `${app}\nroutes: [{ match: { path: /a }, upstream: app }]`,
      'b.yaml':
        'trustedProxies: [0.0.0.0/0]\nroutes:\n  - { match: { path: /b }, upstream: app, rewrite: { stripPrefix: /c } }',
    });
    expect(warnings.map(warning => formatProblem(warning).replaceAll(`${folder}/`, '').split(': ')[0])).toEqual([
      'b.yaml:1:1 trustedProxies',
      'b.yaml:3:43 routes[1].rewrite',
    ]);
  });

  it('are told when one of them holds a value of the wrong sort', () => {
    expect(
      complaintsAbout({
        'gateway.yaml': `${app}\nlisteners: [{ port: 0 }]\nsecurity: { validation: { maxBody: 1mb } }\nroutes: [{ upstream: app }]`,
        'b.yaml': 'listeners: { port: 0 }\nupstreams: [x]\nsecurity: 5',
        'c.yaml': 'routes:\nsecurity: { ipFilter: { deny: [x] } }',
      }),
    ).toEqual([
      expect.stringMatching(/^b\.yaml:1:12 listeners: found a block with port, expected a list of such blocks/),
      expect.stringMatching(/^b\.yaml:2:12 upstreams: found a list, expected a block with a name for each/),
      expect.stringMatching(/^b\.yaml:3:11 security: found 5, expected a block/),
      expect.stringMatching(/^c\.yaml:1:8 routes: found nothing, expected a list/),
      expect.stringMatching(/^c\.yaml:2:32 security\.ipFilter\.deny\[0\]: found "x"/),
    ]);
  });

  it('report unknown keys, and those that every object inherits, where they stand', () => {
    expect(
      complaintsAbout({
        'gateway.yaml': `${app}\n__proto__: { a: 1 }\nsecurity: { validation: {} }`,
        'b.yaml': 'constructor: 1\nsecurity: { __proto__: 1, validatoin: {} }\nlistners: []',
      }).map(line => line.split(', expected')[0]),
    ).toEqual([
      'gateway.yaml:3:1 __proto__: unknown key "__proto__"',
      'b.yaml:1:1 constructor: unknown key "constructor"',
      'b.yaml:2:13 security.__proto__: unknown key "__proto__"',
      'b.yaml:2:27 security.validatoin: unknown key "validatoin"',
      'b.yaml:3:1 listners: unknown key "listners"',
    ]);
    expect(Reflect.get({}, 'a')).toBeUndefined();
  });

  it('each have their own files beside them', () => {
    mkdirSync(join(folder, 'conf.d'));
    writeFileSync(join(folder, 'page.html'), 'of the main file');
    writeFileSync(join(folder, 'conf.d/page.html'), 'of the included file');
    writeFileSync(join(folder, 'conf.d/token'), 'secret');
    writeFileSync(join(folder, 'conf.d/order.json'), '{}');
    const { config } = load({
      'gateway.yaml': `${app}
routes: [{ match: { path: /a }, respond: { body: { file: page.html } } }]
security: { validation: { maxBody: 1mb } }`,
      'conf.d/b.yaml': `
routes: [{ match: { path: /b }, respond: { body: { file: page.html } } }, { upstream: down }]
listeners: [{ unix: gw.sock }]
admin: { token: { file: token } }
security: { validation: { body: { schema: order.json } } }
upstreams: { down: { backends: [http://127.0.0.1:1], fallback: { body: { file: page.html } } } }`,
    });
    expect(config.routes.map(({ respond }) => respond?.body)).toEqual([
      'of the main file',
      'of the included file',
      undefined,
    ]);
    expect(config.upstreams.get('down')?.fallback?.body).toBe('of the included file');
    expect(config.listeners[0]?.unix).toBe(join(folder, 'conf.d/gw.sock'));
    expect(config.admin.token).toBe('secret');
    expect(config.security.validation.body?.schema).toBe(join(folder, 'conf.d/order.json'));
  });

  it('that are missing beside an included file are missed where they would stand', () => {
    writeFileSync(join(folder, 'page.html'), 'not this one');
    expect(
      complaintsAbout({
        'gateway.yaml': app,
        'conf.d/b.yaml': 'routes:\n  - respond: { body: { file: page.html } }',
      }),
    ).toEqual(['conf.d/b.yaml:2:22 routes[0].respond.body: file "conf.d/page.html" does not exist']);
  });
});
