import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/loading/config-error.js';
import { buildUntyped, loadConfig, parseConfig, type ParseOptions } from '../../src/config/loading/load-config.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-broken-'));
  mkdirSync(join(folder, 'directory'));
  writeFileSync(join(folder, 'large.txt'), 'x'.repeat(1024 * 1024 + 1));
  writeFileSync(join(folder, 'binary.bin'), Buffer.from([0xff, 0xfe, 0x00]));
  writeFileSync(join(folder, 'schema.json'), '{}');
  writeFileSync(join(folder, 'unusable.json'), '{ "pattern": "^(?!a)" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The message for a text that cannot be used; the temporary folder is left out of it. */
function complaintAbout(text: string, options: ParseOptions = {}): string {
  return failure(() => parseConfig(text, { file: join(folder, 'gateway.yaml'), ...options }));
}

function failure(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return `\n${error.message.replaceAll(`${folder}/`, '')}\n`;
    throw error;
  }
  throw new Error('the configuration was taken');
}

const app = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }';
const upstream = (keys: string): string => `upstreams:\n  app:\n    backends: [http://127.0.0.1:3001]\n    ${keys}`;
const backends = (list: string): string => `upstreams:\n  app:\n    backends: ${list}`;
const route = (keys: string): string => `${app}\nroutes:\n  - ${keys}`;
const listener = (keys: string): string => `${app}\nlisteners:\n  - ${keys}`;

const cases: Record<string, Record<string, string>> = {
  'the file as a whole': {
    'an empty file': '',
    'only a comment': '# nothing here\n',
    'a list': '- a\n- b',
    'a text': 'hello',
    'no upstreams and no routes': 'workers: 1',
    'broken YAML': 'upstreams: { app: [',
    'a bad indentation': 'upstreams:\n  app:\n    backends: []\n   oops: 1',
    'a tab for indentation': 'upstreams:\n\tapp: {}',
    'a duplicate key': `${app}\nworkers: 1\nworkers: 1`,
    'two duplicate keys': `${app}\nlogging: {}\nadmin: {}\nlogging: {}\nadmin: {}`,
    'a tag': `${app}\nworkers: !!binary AQ==`,
    'two documents': `${app}\n---\n${app}`,
    'an unknown alias': `${app}\nworkers: *none`,
    'an alias that holds itself': 'upstreams: &x { app: *x }',
    'aliases that multiply': `${Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} [${Array.from({ length: 10 }, () => (i === 0 ? 'x' : `*a${i - 1}`)).join(', ')}]`).join('\n')}`,
  },
  'unknown keys': {
    'a misspelt key': `${app}\nlistners: []`,
    'a key in the wrong case': `${app}\nTrustedProxies: []`,
    'a nested one': upstream('timeouts: { conect: 2s }'),
    'in a list': backends('[{ url: http://127.0.0.1:1, wieght: 3 }]'),
    'names of every object': `${app}\n__proto__: { workers: 1 }\nconstructor: 1\ntoString: 1\nhasOwnProperty: 1`,
    'nothing like any key': `${app}\nflux: 1`,
    'a merge key': `${app}\n<<: { workers: 1 }`,
    'a merge key of an anchor': 'x: &x { backends: [http://127.0.0.1:1] }\nupstreams: { app: { <<: *x } }',
    'a path right on a route': route('path: /x\n    upstream: app'),
    'a host right on a route': route('host: a.example\n    upstream: app'),
  },
  'wrong values': {
    'traces with wrong values': `${app}\ntracing: { otlp: collector:4317, sample: often, slow: 1, parents: everybody, compression: br, timeout: 1ms, resource: { "a b": x } }`,
    'a duration in apples': upstream('timeouts:\n      connect: 2 apples'),
    'a duration without a unit': upstream('timeouts: { connect: 5 }'),
    'a duration with a space': upstream('timeouts: { connect: 5 s }'),
    'a duration in words': upstream('timeouts: { connect: 10 sec, response: 2 minutes, idle: 1m30s }'),
    'a size in words': `${app}\nsecurity: { validation: { maxBody: 10 megabytes } }`,
    'a list for a map': 'upstreams: [{ app: { backends: [http://127.0.0.1:3001] } }]',
    'a map for a list': `${app}\nroutes: { match: { path: /x }, upstream: app }`,
    'a prefix with a space': route('upstream: app\n    rewrite: { stripPrefix: "/a b" }'),
    'a path with a space': route('upstream: app\n    match: { path: "/a b" }\n    rewrite: { path: "/c d" }'),
    'a duration that no timer can wait': upstream('timeouts: { idle: 1000h }'),
    'a connect timeout of nothing': upstream('timeouts: { connect: 0s }'),
    'a size without a unit': `${app}\nsecurity: { validation: { maxBody: 1000 } }`,
    'a size in capitals': `${app}\nsecurity: { validation: { maxBody: 10MB } }`,
    'a ratio above 1': `${app}\nlogging: { access: { sample: 20 } }`,
    'a ratio above 100%': `${app}\nlogging: { access: { sample: 120% } }`,
    'a port that is none': listener('port: 70000'),
    'a port in quotes': listener('port: "8080"'),
    'a boolean word': backends('[{ url: http://127.0.0.1:1, backup: yes }]'),
    'a key without a value': `${app}\nlisteners:`,
    'a scalar for a block': `${app}\nadmin: 9901`,
    'a list for a block': `${app}\nadmin: [9901]`,
    'an unknown word': `${app}\nlogging: { level: inof }`,
    'an address range that is none': `${app}\ntrustedProxies: [10.0.0.0/33, localhost]`,
    'buckets that do not ascend': `${app}\nmetrics: { buckets: [1, 0.5] }`,
    infinity: `${app}\nmetrics: { buckets: [.inf] }`,
    'a listener host with a port': listener('host: 127.0.0.1:80'),
  },
  variables: {
    'one that is not set': listener('port: ${PORT}'),
    'one that is not well-formed': listener('port: ${1}'),
    'one with the wrong value': listener('port: ${WORD}'),
    'one that looks like YAML': `${app}\nadmin: { host: "\${BLOCK}" }`,
    'one without quotes in a flow block': listener('{ port: ${PORT} }'),
    'names of every object': `${app}\nadmin: { host: "\${constructor}" }`,
  },
  listeners: {
    'an empty list': `${app}\nlisteners: []`,
    'unix and port': listener('{ unix: /run/a.sock, port: 80 }'),
    'a certificate that is missing': listener('{ port: 8443, tls: { certificates: [{ cert: a.pem, key: a.key }] } }'),
    'a redirect of a listener with TLS': listener(
      '{ port: 8443, redirectToHttps: 443, tls: { certificates: [{ cert: a.pem, key: a.key }] } }',
    ),
    'HTTP/2 without TLS': listener('{ port: 8080, http2: true }'),
    'HTTP/2 in clear text on a listener with TLS': listener(
      '{ port: 8443, h2c: true, tls: { certificates: [{ cert: a.pem, key: a.key }] } }',
    ),
    'HTTP/2 in clear text on a listener that only redirects': listener(
      '{ port: 8080, h2c: true, redirectToHttps: 443 }',
    ),
    'a redirect to itself': listener('{ port: 8080, redirectToHttps: 8080 }'),
    'the same name twice': listener('{ name: a, port: 1 }\n  - { name: a, port: 2 }'),
    'the same address twice': listener('{ name: a, port: 8080 }\n  - { name: b }'),
    'the same socket twice': listener('{ name: a, unix: /run/a.sock }\n  - { name: b, unix: /run/a.sock }'),
    'the port of the admin side': listener('port: 9901'),
    'an open admin side without a token': `${app}\nadmin: { host: 0.0.0.0 }`,
    'an open admin side with an empty token': `${app}\nadmin: { host: 0.0.0.0, token: "\${UNSET:-}" }`,
    'a socket path that is too long': listener(`unix: /${'x'.repeat(108)}`),
  },
  upstreams: {
    'no backends': 'upstreams: { app: {} }',
    'an empty list of backends': backends('[]'),
    'none at all': 'upstreams: {}',
    'several without routes': 'upstreams: { a: { backends: [http://a] }, b: { backends: [http://b] } }',
    'a name with a slash': 'upstreams: { a/b: { backends: [http://a] } }',
    'a backend without a scheme': backends('[127.0.0.1:3001]'),
    'a backend with a path': backends('[http://127.0.0.1:3001/base]'),
    'a backend with a password': backends('[http://ops:s3cret@127.0.0.1:3001]'),
    'a backend that is a number': backends('[3001]'),
    'a backend with url and unix': backends('[{ url: http://a, unix: /run/a.sock }]'),
    'a backend with neither': backends('[{ weight: 3 }]'),
    'a weight of nothing': backends('[{ url: http://a, weight: 0 }]'),
    'the same backend twice': backends('[http://a:1, http://a:1/]'),
    'the same id twice': backends('[{ url: http://a, id: x }, { url: http://b, id: x }]'),
    'listeners that are in the way of each other': `${app}
listeners: [{ port: 7001 }, { port: 7001, host: 127.0.0.1 }, { port: 7002, host: "::1" }, { port: 7002, host: "::", name: all }]`,
    'a backend that is the default listener': backends('[http://localhost:8080]'),
    'backends that are listeners of the gateway': `${backends('[http://127.0.0.1:7001, "http://[::1]:7002", "unix:gw.sock", http://127.0.0.1:7004]')}
listeners: [{ port: 7001 }, { port: 7002, host: "::" }, { unix: gw.sock }, { port: 0 }]`,
    'a backend that is the admin side': backends('[{ url: http://127.0.0.1:9901, weight: 2 }]'),
    'a hash key that is none': upstream('strategy: { name: consistent-hash, key: user }'),
    'a strategy without a name': upstream('strategy: { key: path }'),
    'half a client certificate': upstream('tls: { cert: gateway.pem }'),
    'a directory for a certificate': upstream('tls: { ca: directory }'),
    'a cookie for other sites without https': upstream('sticky: { sameSite: none }'),
  },
  routes: {
    'an unknown upstream': route('upstream: ap'),
    'nothing to do': route('match: { path: /a }'),
    'two things to do': route('{ upstream: app, respond: { body: hi } }'),
    'an unknown upstream in a split': route('split: [{ upstream: app, weight: 1 }, { upstream: apq, weight: 1 }]'),
    'a split of nothing': route('split: [{ upstream: app, weight: 0 }]'),
    'a split without weights': route('split: [{ upstream: app }]'),
    'the same upstream twice in a split': route('split: [{ upstream: app, weight: 1 }, { upstream: app, weight: 1 }]'),
    'an unknown mirror': route('{ upstream: app, mirror: { upstream: shadow } }'),
    'the same name twice': route('{ name: a, upstream: app }\n  - { name: a, upstream: app }'),
    'paths that are none': route(
      '{ upstream: app, match: { path: [orders, /a/*/b, /a*, "/:", "/:a/:a", "/:rest/*", "/a?b", /a/../b] } }',
    ),
    'hosts that are none': route(
      '{ upstream: app, match: { hosts: ["shop.example:80", "https://shop.example/", "*", "a.*.b", "bücher.example"] } }',
    ),
    'a pattern that does not compile': route('{ upstream: app, match: { headers: { x: { pattern: "(" } } } }'),
    'patterns that have no linear time': route(
      '{ upstream: app, match: { headers: { a: { pattern: "(.)\\\\1" }, b: { pattern: "^(?=.*a)b" }, c: { pattern: "(?i)a" }, d: { pattern: "\\\\Aa" } } } }',
    ),
    'a pattern that is too long': route(
      `{ upstream: app, match: { headers: { x: { pattern: ${'a'.repeat(513)} } } } }`,
    ),
    'a header match that is a number': route('{ upstream: app, match: { headers: { x-beta: 1 } } }'),
    'a header match of two kinds': route('{ upstream: app, match: { headers: { x: { pattern: a, present: true } } } }'),
    'a header in two spellings': route('{ upstream: app, match: { headers: { X-A: "1", x-a: "2" } } }'),
    'a header name with a space': route('{ upstream: app, headers: { request: { set: { "x y": a } } } }'),
    'a header value with a line break': route(
      '{ upstream: app, headers: { response: { set: { x: "a\\r\\nset-cookie: b" } } } }',
    ),
    'hop-by-hop headers': route(
      '{ upstream: app, headers: { request: { set: { Connection: close }, add: { te: trailers }, remove: [Transfer-Encoding] } } }',
    ),
    'a second Host, or none': route(
      '{ upstream: app, headers: { request: { set: { host: a }, add: { host: b }, remove: [cookie, Host] }, response: { remove: [host] } } }',
    ),
    'a redirect with another status': route('{ redirect: { to: /b, status: 304 } }'),
    'a redirect to a bare host': route('{ redirect: { to: new.example } }'),
    'a redirect to another scheme': route('{ redirect: { to: "javascript:alert(1)" } }'),
    'a redirect without a target': route('{ redirect: {} }'),
    'parameters that the match does not define': route(
      '{ match: { path: ["/a/:id", "/b/*"] }, redirect: { to: "/c/:id" } }\n  - { match: { path: /o/:order }, upstream: app, rewrite: { path: "/x/:ordr/:rest" } }\n  - { upstream: app, rewrite: { path: "/x/:id" } }',
    ),
    'two rewrites': route('{ upstream: app, rewrite: { stripPrefix: /a, path: /b } }'),
    'an empty rewrite': route('{ upstream: app, rewrite: {} }'),
    'half a replacement': route('{ upstream: app, rewrite: { replacePrefix: [/a] } }'),
    'a body from a file that is not there': route('{ respond: { body: { file: none.html } } }'),
    'a body from a directory': route('{ respond: { body: { file: directory } } }'),
    'a body that is too large': route('{ respond: { body: { file: large.txt } } }'),
    'a body that is no text': route('{ respond: { body: { file: binary.bin } } }'),
    'a body of another shape': route('{ respond: { body: { path: a.html } } }'),
    'a status that is none': route('{ respond: { status: 99 } }'),
    'a limit for the whole gateway': route('{ upstream: app, security: { validation: { maxUrl: 1kb } } }'),
  },
  'security for browsers': {
    'all origins with credentials': `${app}\nsecurity: { cors: { origins: ["*"], credentials: true } }`,
    'no origins': `${app}\nsecurity: { cors: {} }`,
    'origins that are none': `${app}\nsecurity: { cors: { origins: [app.example, "https://app.example/x", "https://*", "http*://a.example", 5] } }`,
    'the same on a route': route(
      '{ upstream: app, security: { cors: { origins: ["*", "null"], credentials: true } } }',
    ),
    'header values that are none': `${app}\nsecurity: { headers: { hsts: 31536000, frameOptions: "a\\r\\nb: c" } }`,
  },
  'policies of one’s own': {
    'no list': `${app}\nsecurity: { policies: tenant }`,
    'names that are none': `${app}\nsecurity: { policies: [5, "a b", { nam: tenant }, [tenant]] }`,
  },
  'bodies that are looked at': {
    'without a bound': `${app}\nsecurity: { validation: { body: { schema: schema.json } } }`,
    'with a bound that a route takes away': `${app}\nroutes: [{ upstream: app, security: { validation: { maxBody: 0b } } }]\nsecurity: { validation: { maxBody: 1kb, body: { schema: schema.json } } }`,
    'by a schema that is not there': `${app}\nsecurity: { validation: { maxBody: 1kb, body: { schema: none.json } } }`,
    'by a schema that cannot be used': `${app}\nsecurity: { validation: { maxBody: 1kb, body: { schema: unusable.json } } }`,
  },
  'features that are not built': {
    'a wrong value in one is mentioned': `${app}\nroutes: [{ upstream: app, compress: often }]`,
    'several at once': `upstreams: { app: { backends: [http://127.0.0.1:3001], protocol: http2 } }\nroutes: [{ upstream: app, compress: true }]\nrateLimitStore: { redis: redis://a }\nsecurity: { cors: { origins: ["*"] } }\nsse: { heartbeat: 15s }\nworkers: 4`,
  },
};

for (const [group, texts] of Object.entries(cases)) {
  describe(`A broken configuration: ${group}`, () => {
    it.each(Object.entries(texts))('%s', (_, text) => {
      const env = { WORD: 'eighty', BLOCK: '{ port: 1 }' };
      expect(complaintAbout(text, { env })).toMatchSnapshot();
    });
  });
}

describe('A broken configuration', () => {
  it('gets all its problems at once, in the order of the file', () => {
    const text = `
listeners:
  - port: 8080
    limits: { connections: many, headerTimeout: 10 }
  - port: 8080
admin:
  host: 0.0.0.0
upstreams:
  orders:
    strategy: round-robbin
    backends:
      - http://10.0.0.1:3000
      - http://10.0.0.1:3000
      - 10.0.0.2
    timeouts: { connect: 2 apples }
    helthCheck: {}
    protocol: http2
routes:
  - match: { path: orders/* }
    upstream: order
  - match: { path: /old/* }
    redirect: { to: "/new/:remainder", status: 200 }
  - respond: { body: { file: none.txt } }
`;
    expect(complaintAbout(text, { strategies: ['round-robin'] })).toMatchSnapshot();
  });

  it('says what a strategy has against its options', () => {
    const fault = { path: ['foo'], message: 'unknown option', suggestion: '"for"', at: 'key' } as const;
    const check = () => [fault];
    const strategies = [{ name: 'idlest', check }];
    expect(complaintAbout(upstream('strategy: { name: idlest, foo: 1 }'), { strategies })).toMatchInlineSnapshot(`
      "
      gateway.yaml:4:31 upstreams.app.strategy.foo: unknown option (did you mean "for"?)
      "
    `);
  });

  it('says which forwarders, probes and policies there are, where they are known', () => {
    const text = `
upstreams:
  app:
    backends: [http://127.0.0.1:3001]
    forwarder: http-proxy-midleware
    healthCheck: { type: teapot }
security:
  policies: [nosuch]
routes:
  - upstream: app
    security: { policies: [known, { name: knowm }] }
`;
    const known = { forwarders: ['default', 'http-proxy-middleware'], probes: ['http', 'tcp'] };
    expect(complaintAbout(text, { ...known, policies: ['known'] })).toMatchInlineSnapshot(`
      "
      gateway.yaml:5:16 upstreams.app.forwarder: no forwarder is called "http-proxy-midleware", known are default, http-proxy-middleware (did you mean "http-proxy-middleware"?)
      gateway.yaml:6:26 upstreams.app.healthCheck.type: no probe is called "teapot", known are http, tcp
      gateway.yaml:8:14 security.policies[0]: no policy is called "nosuch", known are known
      gateway.yaml:11:35 routes[0].security.policies[1]: no policy is called "knowm", known are known (did you mean "known"?)
      "
    `);
    expect(complaintAbout(text, { policies: [] })).toMatchInlineSnapshot(`
      "
      gateway.yaml:8:14 security.policies[0]: no policy is called "nosuch": none is registered, which takes a class with @Policy("nosuch") in a module of an application of your own
      gateway.yaml:11:28 routes[0].security.policies[0]: no policy is called "known": none is registered, which takes a class with @Policy("known") in a module of an application of your own
      gateway.yaml:11:35 routes[0].security.policies[1]: no policy is called "knowm": none is registered, which takes a class with @Policy("knowm") in a module of an application of your own
      "
    `);
    expect(() => parseConfig(text)).not.toThrow();
  });

  it('is one line when the file is not there, or is a directory', () => {
    expect(failure(() => loadConfig(join(folder, 'none.yaml'), {}))).toMatchInlineSnapshot(`
      "
      none.yaml: the configuration file does not exist
      "
    `);
    expect(failure(() => loadConfig(join(folder, 'directory'), {}))).toMatchInlineSnapshot(`
      "
      directory: the configuration file is a directory
      "
    `);
    expect(failure(() => loadConfig(join(folder, 'binary.bin'), {}))).toMatchInlineSnapshot(`
      "
      binary.bin: the configuration file is not valid UTF-8
      "
    `);
  });

  it('that is a value is named by path only', () => {
    expect(failure(() => buildUntyped({ upstreams: { app: { backends: ['x'] } }, worker: 1 }))).toMatchInlineSnapshot(`
      "
      worker: unknown key "worker", expected one of listeners, admin, trustedProxies, forwardedFields, upstreams, routes, routing, security, rateLimitStore, websocket, sse, include, workers, requestId, shutdown, overload, logging, metrics, tracing (did you mean "workers"?)
      upstreams.app.backends[0].url: found "x", expected a backend such as http://10.0.0.1:3000, https://10.0.0.1:3443 or unix:/run/app.sock
      "
    `);
    expect(failure(() => buildUntyped(undefined))).toMatchInlineSnapshot(`
      "
      the configuration is empty: the smallest one is upstreams: { app: { backends: [http://127.0.0.1:3001] } }
      "
    `);
  });
});
