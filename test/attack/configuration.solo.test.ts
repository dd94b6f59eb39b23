import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/loading/config-error.js';
import { buildUntyped, parseConfig } from '../../src/config/loading/load-config.js';
import { rawRequest } from '../support/client.js';
import { gatewayTo } from '../support/scene.js';
import { startStrictBackend } from '../support/strict-backend.js';

const base = 'upstreams:\n  app:\n    backends: [http://127.0.0.1:3001]\n';

/** What is wrong with a file, line by line; it must be said within two seconds. */
function complaintsOf(text: string): string[] {
  const began = performance.now();
  try {
    parseConfig(text);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems.map(({ message }) => message);
  } finally {
    expect(performance.now() - began).toBeLessThan(10_000);
  }
}

const letters = [...'abcdefghij'];
const bomb = letters.map((name, at) => {
  const below = at === 0 ? 'x' : `*${letters[at - 1]}`;
  return `${name}: &${name} [${Array.from({ length: 9 }, () => below).join(',')}]`;
});

describe('a file that was made to hurt is refused in one line', () => {
  it.each([
    ['lists in lists', `x: ${'['.repeat(200_000)}`],
    ['lists in lists, closed', `x: ${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['blocks in blocks', `x: ${'{a: '.repeat(20_000)}`],
    ['blocks by their columns', Array.from({ length: 1_500 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
    ['lists by their dashes', `x:\n  ${'- '.repeat(20_000)}1`],
    ['keys by their question marks', `${'? '.repeat(20_000)}1`],
    ['aliases of aliases', bomb.join('\n')],
    ['an alias of itself', 'x: &a [*a]'],
    ['fifty megabytes', `# ${'x'.repeat(50_000_000)}`],
    ['two million keys', Array.from({ length: 350_000 }, (_, at) => `k${at}: v`).join('\n')],
    ['a list of a million numbers', `x: [${'1,'.repeat(1_000_000)}]`],
  ])('%s', (_what, text) => {
    expect(complaintsOf(`${text}\n${base}`)).toEqual([expect.stringMatching(/too (?:large|deep|many)|larger than/)]);
  });

  it('as an object, too', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(() => buildUntyped({ upstreams: { app: { backends: deep } } })).toThrow('nested too deep');
  });
});

describe('keys that every object inherits', () => {
  it.each([
    ['at the top', `${base}__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }`, 2],
    [
      'in a block',
      `${base}security: { __proto__: { validation: { maxBody: 1kb } }, validation: { constructor: 1 } }`,
      2,
    ],
    ['as names', `upstreams:\n  __proto__:\n    backends: [http://127.0.0.1:3001]`, 1],
    ['as merge keys', `${base}x: &a { polluted: 1 }\n<<: *a`, 2],
  ])('are unknown %s, and change nothing', (_where, text, count) => {
    const complaints = complaintsOf(text);
    expect(complaints).toHaveLength(count);
    for (const complaint of complaints) expect(complaint).toMatch(/unknown key|found "__proto__"|merge keys \(<<\)/);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(parseConfig(base).config.security.validation.maxBody).toBe(0);
  });

  it('may be names of headers, as any token', () => {
    const { config } = parseConfig(
      `${base}routes:\n  - match: { path: /*, headers: { __proto__: x, constructor: y } }\n    upstream: app\n`,
    );
    expect([...config.routes[0]!.match.headers.keys()]).toEqual(['__proto__', 'constructor']);
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });

  it('stand twice in a block as little as others do', () => {
    expect(complaintsOf(`${base}__proto__: 1\n__proto__: 2\n`)).toContainEqual(
      expect.stringMatching(/^the key "__proto__" stands twice in its block/),
    );
  });
});

describe('a pattern whose time would explode in other engines', () => {
  const exploding = [
    '^(a+)+$',
    '^(a|a)*$',
    '^(?i:(a|A)*)$',
    '(?:a{0,15}){4}x',
    '(.*a){20}$',
    '(x+x+)+y',
    '([a-zA-Z]+)*$',
    '(?:a?){30}a{30}b',
    '\\s+$',
    '^[a-z]{2,8}-[a-z]{2,8}$',
  ];

  it('answers long values as soon as short ones, in headers and in the query', async () => {
    const backend = await startStrictBackend();
    const routes = exploding.flatMap(pattern => [
      { match: { path: '/*', headers: { x: { pattern } } }, upstream: 'app' },
      { match: { path: '/*', query: { x: { pattern } } }, upstream: 'app' },
    ]);
    const gateway = await gatewayTo([backend], {}, { routes: [...routes, { upstream: 'app' }] });
    for (const unit of ['a', 'ab', ' a', 'x', 'zz']) {
      const value = `${unit.repeat(15_000 / unit.length)}!`;
      const target = `/?x=${value.replaceAll(' ', '+')}`;
      const response = await rawRequest(gateway.port, `GET ${target} HTTP/1.1\r\nHost: a\r\nX: ${value}\r\n\r\n`);
      expect(response.status).toBe(200);
    }
  });

  it.each(['(.)\\1+$', '^(?=.*a)b'])('is refused where it has no linear time at all: %s', pattern => {
    for (const what of ['headers', 'query']) {
      const match = `{ ${what}: { x: { pattern: ${JSON.stringify(pattern)} } } }`;
      expect(complaintsOf(`${base}routes:\n  - match: ${match}\n    upstream: app\n`)).toHaveLength(1);
    }
  });
});
