import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../../src/config/loading/config-error.js';
import { effectiveConfig } from '../../src/config/showing/effective-config.js';
import { generatedFiles } from '../../src/config/showing/generate.js';
import { buildConfig, parseConfig, rebuildConfig, type ParseOptions } from '../../src/config/loading/load-config.js';
import { plainOf } from '../../src/config/loading/plain-config.js';
import { formatProblem, type Problem } from '../../src/config/loading/problem.js';
import { jsonSchema } from '../../src/config/showing/reference/json-schema.js';
import { Ajv2020 } from './schema-validator.js';

const everything = readFileSync(join(import.meta.dirname, 'everything.yaml'), 'utf8');
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-contract-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'shop.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  for (const name of ['shop', 'clients', 'ca', 'gw']) {
    write(`certs/${name}.pem`, cert);
    write(`certs/${name}.key`, key);
  }
  write('fallback/orders.html', '<p>Later.</p>');
  write('schemas/order.json', '{}');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function problemsOf(text: string, options: ParseOptions = {}): readonly Problem[] {
  try {
    parseConfig(text, { file: join(folder, 'gateway.yaml'), ...options });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the whole contract', () => {
  it('survives the way to another thread, with what it includes from other folders', () => {
    write('parts/more.yaml', 'upstreams: { more: { backends: [http://more], tls: { ca: ../certs/ca.pem } } }\n');
    const text = everything.replace(/^include:.*$/m, 'include: parts/*.yaml');
    const { config } = parseConfig(text, { file: join(folder, 'gateway.yaml') });
    const rebuilt = rebuildConfig(structuredClone(plainOf(config)), {});
    expect(rebuilt.upstreams.get('more')?.tls?.ca).toBe(join(folder, 'certs/ca.pem'));
    expect(effectiveConfig(rebuilt)).toEqual(effectiveConfig(config));
    expect(rebuilt).toEqual(config);
  });

  it('is known key by key', () => {
    const { config } = parseConfig(everything, { file: join(folder, 'gateway.yaml'), unsupported: [] });
    expect(config.upstreams.get('orders')?.fallback?.body).toBe('<p>Later.</p>');
    expect(config.upstreams.get('orders')?.tls?.ca).toBe(join(folder, 'certs/ca.pem'));
    expect(config.security.rateLimit).toHaveLength(1);
    expect(config.listeners.map(({ name, http2 }) => [name, http2])).toEqual([
      ['web', false],
      ['local', false],
      ['secure', true],
    ]);
  });

  it('asks for nothing that is not built yet', () => {
    expect(problemsOf(everything)).toEqual([]);
  });

  it('is what the JSON Schema accepts', () => {
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema({ unsupported: [] }));
    expect(validate(parse(everything)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(parse('upstreams: { app: { backends: ["http://127.0.0.1:3001"] } }'))).toBe(true);
    expect(validate(parse('listeners: [{ port: "${PORT}" }]\nupstreams: {}'))).toBe(true);
    expect(validate(parse('listners: []'))).toBe(false);
    expect(validate(parse('upstreams: { app: { timeouts: { connect: 2 apples } } }'))).toBe(false);
  });

  it('takes values that ask for nothing, although the feature is not built', () => {
    const text = `
listeners: [{ port: 0, proxyProtocol: false, http2: false, limits: { minBodyRate: 0b, writeTimeout: 0s } }]
upstreams:
  app:
    backends: [http://127.0.0.1:3001]
    retries: { attempts: 0 }
    circuitBreaker: { enabled: false }
    slowStart: 0s
    panicThreshold: 0%
    protocol: http1
routes: [{ upstream: app, compress: false, retries: { attempts: 0 }, security: { validation: { maxBody: 1mb } } }]
rateLimitStore: memory
websocket: { enabled: false }
sse: { resume: false }
workers: 1
`;
    expect(problemsOf(text)).toEqual([]);
  });
});

describe('what this version does not have', () => {
  const validate = new Ajv2020({ strict: false }).compile(jsonSchema());
  const app = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }';
  it.each([
    ['upstreams: { app: { backends: [http://127.0.0.1:3001], protocol: http2 } }', false],
    ['upstreams: { app: { backends: [http://127.0.0.1:3001], protocol: http1 } }', true],
    [`${app}\nroutes: [{ upstream: app, compress: true }]`, false],
    [`${app}\nroutes: [{ upstream: app, compress: false }]`, true],
  ])('is not offered by the JSON Schema either: %s', (text, isTaken) => {
    const whole = text.includes('upstreams') ? text : `${app}\n${text}`;
    expect([validate(parse(whole)), problemsOf(whole).length === 0]).toEqual([isTaken, isTaken]);
  });
});

describe('defaults', () => {
  it('are those of the contract', () => {
    const config = buildConfig({ upstreams: { app: { backends: ['http://127.0.0.1:3001'] } } });
    expect(config).toMatchSnapshot();
  });

  it('are the values that the contract shows, so that writing them changes nothing', () => {
    const shown = parse(everything) as Record<string, Record<string, unknown>>;
    const written = {
      upstreams: {
        app: {
          backends: ['http://127.0.0.1:3001'],
          ...pick(shown['upstreams']?.['orders'], [
            'strategy',
            'slowStart',
            'panicThreshold',
            'protocol',
            'hostHeader',
            'forwarder',
            'connections',
            'timeouts',
            'retries',
          ]),
        },
      },
      admin: { host: '127.0.0.1', port: 9901 },
      ...pick(shown, [
        'websocket',
        'sse',
        'workers',
        'shutdown',
        'metrics',
        'trustedProxies',
        'forwardedFields',
        'requestId',
      ]),
      security: {
        validation: pick(shown['security']?.['validation'], [
          'methods',
          'maxBody',
          'maxUrl',
          'maxHeaders',
          'maxHeaderSize',
          'contentTypes',
          'requireHeaders',
          'underscoreHeaders',
          'path',
        ]),
      },
      listeners: [{ port: 8080, limits: (shown['listeners'] as unknown as { limits?: object }[])[2]?.limits }],
    };
    const plain = buildConfig({ upstreams: { app: { backends: ['http://127.0.0.1:3001'] } } });
    expect(buildConfig(written, { unsupported: [] })).toEqual(plain);
  });

  it('are new values each time, so that gateways share nothing', () => {
    const upstreams = { app: { backends: ['http://127.0.0.1:3001'] } };
    const [one, other] = [buildConfig({ upstreams }), buildConfig({ upstreams })];
    one.metrics.buckets.push(60);
    one.security.validation.methods.push('GET');
    expect(other.metrics.buckets).not.toContain(60);
    expect(other.security.validation.methods).toEqual([]);
  });
});

describe('the effective configuration', () => {
  const rich = `
admin: { host: 0.0.0.0, token: "s3cret" }
listeners: [{ unix: /tmp/gw.sock }, { port: 0 }, { port: 8443, name: two }]
upstreams:
  app:
    strategy: { name: consistent-hash, key: "header:x-user" }
    backends: [http://127.0.0.1:3001, "unix:/tmp/b.sock", { url: "https://[::1]:4000", weight: 7, backup: true }]
    sticky: { ttl: 90m, secure: false }
    timeouts: { connect: 1500ms }
routes:
  - match: { path: [/a/:id, /b/:id], methods: [get], headers: { x-v: { pattern: ^v }, x-p: { present: false }, x-e: e }, query: { a: b } }
    upstream: app
    rewrite: { path: /x/:id }
    headers: { request: { set: { authorization: Bearer abc, x-literal: "$\${HOME}" } } }
    timeouts: { idle: 0s }
    mirror: { upstream: app, share: 12.5% }
    security: { validation: { maxBody: 2mb, path: { encodedSlash: reject } } }
  - match: { path: /ping }
    respond: { body: "a $$\${b" }
`;

  it('loads again to the same effective configuration', () => {
    const first = effectiveConfig(parseConfig(rich).config);
    const again = parseConfig(stringify(first));
    expect(effectiveConfig(again.config)).toEqual(first);
    expect(again.config.routes[1]?.respond?.body).toBe('a $${b');
    expect(first).toMatchSnapshot();
  });

  it('never shows a secret', () => {
    const shown = stringify(effectiveConfig(parseConfig(rich).config));
    expect(shown).not.toMatch(/s3cret|Bearer abc/);
    expect(shown).toContain('token: "****"');
  });
});

describe('the values that a route must find', () => {
  const app = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }';
  const withMatch = (match: string): string => `${app}\nroutes: [{ upstream: app, match: { ${match} } }]`;

  it('are hidden under the same names in headers and queries', () => {
    const { config } = parseConfig(
      withMatch('headers: { x-internal-token: One1, x-v: Shown1 }, query: { token: Two2, Api_Key: Three3, v: Shown2 }'),
    );
    expect((effectiveConfig(config)['routes'] as { match: object }[])[0]?.match).toMatchObject({
      headers: { 'x-internal-token': '****', 'x-v': 'Shown1' },
      query: { token: '****', Api_Key: '****', v: 'Shown2' },
    });
  });

  it('are not in the message either that refuses them', () => {
    const messages = problemsOf(withMatch('headers: { x-token: 12345 }, query: { token: 67890 }')).map(formatProblem);
    expect(messages).toHaveLength(2);
    expect(messages.join()).not.toMatch(/12345|67890/);
  });
});

describe('a URL of another service', () => {
  const app = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }';

  it.each([
    ['http://auth:4000/verify?token=QuerySecret1&v=2', 'http://auth:4000/verify?token=****&v=2'],
    ['http://auth:4000/verify?v=2&api%5Fkey=QuerySecret1', 'http://auth:4000/verify?v=2&api%5Fkey=****'],
    ['http://auth:4000/a@b:c?next=/x', 'http://auth:4000/a@b:c?next=/x'],
  ])('%s is shown as %s', (url, shown) => {
    const { config } = parseConfig(`${app}\nsecurity: { auth: { forward: { url: "${url}" } } }`);
    expect(effectiveConfig(config)).toMatchObject({ security: { auth: { forward: { url: shown } } } });
  });

  it.each([
    ['redis://ops:hunter2@store:6379', 'redis://ops:****@store:6379'],
    ['redis://:hunter2@store:6379', 'redis://:****@store:6379'],
    ['redis://hunter2@store:6379', 'redis://****@store:6379'],
    ['redis://store:6379?password=hunter2', 'redis://store:6379?password=****'],
  ])('%s is shown as %s, too', (redis, shown) => {
    const { config } = parseConfig(`${app}\nrateLimitStore: { redis: "${redis}" }`);
    expect(effectiveConfig(config)).toMatchObject({ rateLimitStore: { redis: shown } });
  });
});

describe('the generated files', () => {
  it.each([...generatedFiles()])('%s is what the classes say', (path, text) => {
    expect(readFileSync(join(import.meta.dirname, '../..', path), 'utf8')).toBe(text);
  });
});

function pick(from: unknown, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from as object).filter(([key]) => keys.includes(key)));
}
