import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/support/any-text.js';
import { routingPath } from '../http/path.js';
import { forwardedPath } from '../http/path-policy.js';
import { parsePattern } from './path-pattern.js';
import { Rewrite } from './rewrite.js';
import type { RewriteDefinition } from './route.js';

function rewritten(definition: RewriteDefinition, raw: string, path = '/*'): string {
  const pattern = parsePattern(path);
  return new Rewrite(definition, [pattern]).apply(pattern, { raw, routing: routingPath(raw) });
}

describe('stripPrefix', () => {
  it.each([
    ['/orders/1', '/1'],
    ['/orders', '/'],
    ['/orders/', '/'],
    ['/ordersx/1', '/ordersx/1'],
    ['/other/%41', '/other/%41'],
    ['/orders/a%2Fb/%7e//c', '/a%2Fb/%7e//c'],
    ['/orders//a', '/a'],
    ['/%6Frders/a%20b', '/a%20b'],
    ['//orders/a%2Fb', '/a/b'],
    ['/x/..%2Forders/a', '/a'],
    ['/orders/..%2Forders/a', '/a'],
    ['/orders/\u00c3\u00a9"|', '/\u00c3\u00a9"|'],
    ['*', '*'],
  ])('/orders turns %s into %s', (raw, expected) => {
    expect(rewritten({ stripPrefix: '/orders' }, raw)).toBe(expected);
  });

  it('may end in a slash, be written with escapes, or be the root', () => {
    expect(rewritten({ stripPrefix: '/orders/' }, '/orders/1')).toBe('/1');
    expect(rewritten({ stripPrefix: '/caf%C3%A9' }, '/caf%c3%a9/1')).toBe('/1');
    expect(rewritten({ stripPrefix: '/café' }, '/caf%C3%A9/%31')).toBe('/%31');
    expect(rewritten({ stripPrefix: '/' }, '/a/%41')).toBe('/a/%41');
  });
});

describe('replacePrefix', () => {
  it.each([
    [['/orders', '/v2/orders'], '/orders/1%2F2', '/v2/orders/1%2F2'],
    [['/orders', '/v2/orders'], '/orders', '/v2/orders'],
    [['/orders', '/v2/orders/'], '/orders/', '/v2/orders/'],
    [['/orders', '/'], '/orders/1', '/1'],
    [['/', '/base'], '/a', '/base/a'],
    [['/orders', '/é b%41'], '/orders/1', '/%C3%A9%20b%41/1'],
    [['/orders', '/v2'], '/ordersx', '/ordersx'],
  ] as const)('%j turns %s into %s', ([from, to], raw, expected) => {
    expect(rewritten({ replacePrefix: [from, to] }, raw)).toBe(expected);
  });
});

describe('a path template', () => {
  it.each([
    ['/x/:id', '/users/:id', '/users/7', '/x/7'],
    ['/x/:id/y', '/users/:id', '/users/a%2520%20b', '/x/a%2520%20b/y'],
    ['/x/:id', '/users/:id', '/%75sers/%37', '/x/%37'],
    ['/x/:id', '/users/:id', '/a/../users/7', '/x/7'],
    ['/:b/:a', '/:a/:b', '/1/2', '/2/1'],
    ['/new/:rest', '/old/*', '/old/a/b%2Fc', '/new/a/b%2Fc'],
    ['/new/:rest', '/old/*', '/old', '/new/'],
    ['/new/:rest', '/old/*', '/old//a', '/new/a'],
    ['/:rest', '/old/*', '/old/', '/'],
    ['/fixed', '/old/*', '/old/a', '/fixed'],
    ['/x/:id', '/users/:id', '/users/a|b"\u00e9', '/x/a%7Cb%22%E9'],
  ])('%s on %s turns %s into %s', (path, pattern, raw, expected) => {
    expect(rewritten({ path }, raw, pattern)).toBe(expected);
  });
});

it.each<[RewriteDefinition, string]>([
  [{ path: 'x' }, 'must begin with /'],
  [{ path: '/x?y=:id' }, 'must not hold ?'],
  [{ path: '/:nme' }, ':nme is no parameter'],
  [{ stripPrefix: 'orders' }, 'must begin with /'],
  [{ replacePrefix: ['/a', 'http://b'] }, 'must begin with /'],
  [{ replacePrefix: ['/a', '/b#'] }, 'must not hold'],
])('the rewrite %j is refused', (definition, message) => {
  expect(() => rewritten(definition, '/', '/:id')).toThrow(message);
});

describe('what a rewrite puts before a path', () => {
  const isLeft = (definition: RewriteDefinition, raw: string, path = '/*'): boolean => {
    const pattern = parsePattern(path);
    return new Rewrite(definition, [pattern]).isLeft(pattern, { raw, routing: routingPath(raw) });
  };

  it.each(['..\\admin', '..%5cadmin', '..;/admin', '%252e%252e/admin', 'a\\..\\..\\admin', '..%20/x', '..%00/x'])(
    'is left by %s, as some server reads it',
    rest => {
      expect(isLeft({ replacePrefix: ['/a', '/safe'] }, `/a/${rest}`)).toBe(true);
      expect(isLeft({ path: '/safe/:rest' }, `/a/${rest}`, '/a/*')).toBe(true);
    },
  );

  it.each(['b', 'b;c', 'b%2Fc', 'b//c', 'b\\c', '..b', 'b/c%2f..%2fd', 'b%20/c', '%2525'])(
    'is not left by %s',
    rest => {
      expect(isLeft({ replacePrefix: ['/a', '/safe'] }, `/a/${rest}`)).toBe(false);
      expect(isLeft({ replacePrefix: ['/a', '/safe;v=1/x%20'] }, `/a/${rest}`)).toBe(false);
      expect(isLeft({ path: '/safe/:rest' }, `/a/${rest}`, '/a/*')).toBe(false);
    },
  );

  it('cannot be left when it is the whole path, when nothing is rewritten, or at the root', () => {
    expect(isLeft({ path: '/fixed' }, '/a/..;/b', '/a/*')).toBe(false);
    expect(isLeft({ replacePrefix: ['/a', '/safe'] }, '/b/..;/c')).toBe(false);
    expect(isLeft({ stripPrefix: '/a' }, '/a/..;/b')).toBe(false);
    expect(isLeft({ stripPrefix: '/a' }, '/a/\\host/b')).toBe(true);
  });
});

describe('for any path', () => {
  const piece = fc.constantFrom(
    ...[
      '/',
      '/',
      '//',
      'a',
      'orders',
      '/orders/',
      '%6Frders',
      '.',
      '..',
      '%2e',
      '%2F',
      '%zz',
      '%',
      '\\',
      '|',
      '\u00e9',
      '%C3%A9',
      '%FF',
      ' ',
      '\r\n',
      '\u0000',
    ],
  );
  const anyPath = fc.array(piece, { maxLength: 12 }).map(pieces => `/${pieces.join('')}`);
  const policy = {
    dotSegments: 'normalize',
    duplicateSlashes: 'keep',
    encodedSlash: 'keep',
    controls: 'keep',
    backslash: 'keep',
    pathParameters: 'keep',
    doubleEncoding: 'keep',
    encodedDelimiters: 'keep',
    trailingSpace: 'keep',
  } as const;

  it('the backend routes the result as it would the prefix taken off the normalised path', () => {
    fc.assert(
      fc.property(anyPath, fc.boolean(), (path, normalises) => {
        const raw = normalises ? String(forwardedPath(path, policy)) : path;
        const result = rewritten({ stripPrefix: '/orders' }, raw);
        const routing = routingPath(raw);
        const isBelow = routing === '/orders' || routing.startsWith('/orders/');
        expect(routingPath(result)).toBe(isBelow ? routing.slice('/orders'.length) || '/' : routing);
        if (isBelow) expect(result).not.toMatch(/^\/\//);
      }),
      { numRuns: 2500 },
    );
  });

  it('the result begins with a slash and has no character that would break a request line', () => {
    const definitions: RewriteDefinition[] = [
      { stripPrefix: '/orders' },
      { replacePrefix: ['/a', '/b c'] },
      { path: '/x/:a/:rest' },
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          anyPath,
          anyText().map(text => `/${text}`),
        ),
        fc.constantFrom(...definitions),
        (raw, definition) => {
          expect(rewritten(definition, raw, '/:a/*')).toMatch(/^\/[^\x00-\x20\x7f]*$/);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
