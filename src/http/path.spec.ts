import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/support/any-text.js';
import { forwardedPath, type PathPolicy } from './path-policy.js';
import { routingPath, splitTarget } from './path.js';

const usual: PathPolicy = {
  dotSegments: 'normalize',
  duplicateSlashes: 'keep',
  encodedSlash: 'keep',
  controls: 'keep',
  backslash: 'keep',
  pathParameters: 'keep',
  doubleEncoding: 'keep',
  encodedDelimiters: 'keep',
  trailingSpace: 'keep',
};
const kept: PathPolicy = { ...usual, dotSegments: 'keep' };

/** Paths made of the pieces that are hard, and of any bytes. */
const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%2F',
    '%5C',
    '\\',
    'a',
    'b',
    '%61',
    '%zz',
    '%',
    '%2',
    ';x',
    '..;x',
    '*',
  ],
  ...[
    '%C3%A9',
    '\u00c3\u00a9',
    '%C3',
    '\u00ff',
    '%ff',
    '%E2%82%AC',
    '%ED%A0%80',
    '%F0%9F%98%80',
    '%C0%AE',
    '%00',
    '%7f',
    '%25',
    '%252e',
    ' ',
  ],
);
const anyPath = fc.oneof(
  fc.array(piece, { maxLength: 14 }).map(pieces => `/${pieces.join('')}`),
  fc.uint8Array({ maxLength: 40 }).map(bytes => `/${Buffer.from(bytes).toString('latin1')}`),
);
const anyPolicy = fc.record({
  dotSegments: fc.constantFrom('normalize', 'reject', 'keep'),
  duplicateSlashes: fc.constantFrom('keep', 'merge', 'reject'),
  encodedSlash: fc.constantFrom('keep', 'reject'),
  controls: fc.constantFrom('keep', 'reject'),
  backslash: fc.constantFrom('keep', 'reject'),
  pathParameters: fc.constantFrom('keep', 'reject'),
  doubleEncoding: fc.constantFrom('keep', 'reject'),
  encodedDelimiters: fc.constantFrom('keep', 'reject'),
  trailingSpace: fc.constantFrom('keep', 'reject'),
} satisfies { [K in keyof PathPolicy]: fc.Arbitrary<PathPolicy[K]> });

/** RFC 3986 §5.2.4, by its own words: an input and an output buffer. */
function removeDotSegments(path: string, dot: RegExp): string {
  const single = new RegExp(`^/(?:${dot.source})(?=/|$)`, 'i');
  const double = new RegExp(`^/(?:${dot.source}){2}(?=/|$)`, 'i');
  let input = path;
  let output = '';
  while (input !== '') {
    if (double.test(input)) {
      input = input.replace(double, '');
      if (input === '') input = '/';
      output = output.slice(0, Math.max(0, output.lastIndexOf('/')));
    } else if (single.test(input)) {
      input = input.replace(single, '');
      if (input === '') input = '/';
    } else {
      const next = input.indexOf('/', 1);
      output += next === -1 ? input : input.slice(0, next);
      input = next === -1 ? '' : input.slice(next);
    }
  }
  return output;
}

/** Bytes first, then the longest valid character at each place. */
function decodeSlowly(path: string): string {
  const units = [...path.matchAll(/%([0-9a-f]{2})|[^]/gi)].map(([text, hex]) => ({
    text,
    byte: hex === undefined ? text.charCodeAt(0) : Number.parseInt(hex, 16),
    isPlain: hex === undefined && text.charCodeAt(0) < 0x80,
  }));
  let decoded = '';
  for (let i = 0; i < units.length;) {
    const unit = units[i];
    if (unit === undefined) break;
    let length = 0;
    for (let n = 4; n >= 1 && length === 0; n--) {
      const group = units.slice(i, i + n);
      if (group.length < n || (n > 1 && group.some(({ isPlain }) => isPlain))) continue;
      try {
        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
          Uint8Array.from(group, ({ byte }) => byte),
        );
        if ([...text].length !== 1) continue;
        decoded += text;
        length = n;
      } catch {
        continue;
      }
    }
    if (length === 0) decoded += `%${unit.byte.toString(16).toUpperCase()}`;
    i += Math.max(1, length);
  }
  return decoded;
}

function routingPathSlowly(path: string): string {
  const decoded = decodeSlowly(removeDotSegments(path, /\.|%2e/));
  return removeDotSegments(decoded.replace(/\/+/g, '/'), /\./);
}

describe('splitTarget', () => {
  it.each([
    ['/', { path: '/', query: undefined, authority: undefined }],
    ['/a/b?c=d?e', { path: '/a/b', query: 'c=d?e', authority: undefined }],
    ['/a?', { path: '/a', query: '', authority: undefined }],
    ['//evil.example/a', { path: '//evil.example/a', query: undefined, authority: undefined }],
    ['*', { path: '*', query: undefined, authority: undefined }],
    ['http://shop.example:81/a?b', { path: '/a', query: 'b', authority: 'shop.example:81' }],
    ['HTTPS://shop.example', { path: '/', query: undefined, authority: 'shop.example' }],
    ['http://shop.example?b', { path: '/', query: 'b', authority: 'shop.example' }],
  ])('takes %s apart', (url, target) => {
    expect(splitTarget(url)).toEqual(target);
  });

  it.each([
    '',
    'a',
    '*/',
    '**',
    '?a',
    'shop.example:443',
    'ftp://a/b',
    'http://',
    'http:///a',
    '/a#b',
    '/a?b#c',
    'http://a#b',
  ])('refuses %j', url => {
    expect(splitTarget(url)).toBeUndefined();
  });
});

describe('routingPath', () => {
  it.each(['/', '/a', '/a/b.c/d..e/f.', '/a/...', '/a;x=1/b', '/a\\b', "/-._~!$&'()*+,;=:@", '*'])(
    'leaves %s alone',
    path => {
      expect(routingPath(path)).toBe(path);
    },
  );

  it.each([
    ['/%61dmin', '/admin'],
    ['/a%2Fb', '/a/b'],
    ['/a//b///c', '/a/b/c'],
    ['//a', '/a'],
    ['/a/./b/../c', '/a/c'],
    ['/a/..', '/'],
    ['/a/b/.', '/a/b/'],
    ['/../../a', '/a'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/public/..%2Fadmin', '/admin'],
    ['/public%2F..%2Fadmin', '/admin'],
    ['/public/%2e%2e%2fadmin', '/admin'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a/..;x/b', '/a/..;x/b'],
    ['/a%5C..%5Cb', '/a\\..\\b'],
    ['/100%zz%', '/100%zz%'],
    ['/caf%C3%A9', '/café'],
    ['/caf\u00c3\u00a9', '/café'],
    ['/%ff%C0%AE', '/%FF%C0%AE'],
    ['/\u00ff', '/%FF'],
    ['/%ED%A0%80', '/%ED%A0%80'],
    ['/%F0%9F%98%80', '/😀'],
    ['/%2561', '/%61'],
    ['/%00', '/\u0000'],
    ['', '/'],
    ['a/b', '/a/b'],
    ['**', '/**'],
  ])('of %j is %j', (path, normal) => {
    expect(routingPath(path)).toBe(normal);
  });

  it('agrees with a slow model that follows the RFC by the word', () => {
    fc.assert(
      fc.property(anyPath, path => {
        expect(routingPath(path)).toBe(routingPathSlowly(path));
      }),
      { numRuns: 1500 },
    );
  });

  it('never throws, and yields neither dot segments nor duplicate slashes', () => {
    fc.assert(
      fc.property(fc.oneof(anyPath, anyText(), fc.string()), path => {
        const normal = routingPath(path);
        if (normal === '*') return;
        expect(normal).toMatch(/^\//);
        expect(normal).not.toMatch(/\/\.{1,2}(\/|$)|\/\//);
      }),
      { numRuns: 1000 },
    );
  });

  it('needs linear time for long paths', () => {
    const started = process.cpuUsage();
    for (const part of ['/a', '/..', '/a/..', '//', '%2F..', '%C3', '/%2e']) routingPath(`/${part.repeat(200_000)}`);
    expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
  });
});

describe('forwardedPath', () => {
  it.each([
    ['/a%2Fb/%7euser/%c3%a9', '/a%2Fb/%7euser/%c3%a9'],
    ['/a//b', '/a//b'],
    ['/a/../b', '/b'],
    ['/a/%2E./b%2f', '/b%2f'],
    ['/a//../b', '/a/b'],
    ['/a/..;x/b', '/a/..;x/b'],
    ['/a/..%2Fb', '/a/..%2Fb'],
    ['/%zz/./\u00ff', '/%zz/\u00ff'],
    ['*', '*'],
  ])('sends %j as %j by default', (path, sent) => {
    expect(forwardedPath(path, usual)).toBe(sent);
  });

  it.each<[string, Partial<PathPolicy>, string | { reason: string }]>([
    ['/a/../b', { dotSegments: 'keep' }, '/a/../b'],
    ['/a/../b', { dotSegments: 'reject' }, { reason: 'dotSegments' }],
    ['/a/%2e/b', { dotSegments: 'reject' }, { reason: 'dotSegments' }],
    ['/a%2f..%2fb', { dotSegments: 'reject' }, { reason: 'dotSegments' }],
    ['/a\\..\\b', { dotSegments: 'reject' }, { reason: 'dotSegments' }],
    ['/a/..b/.c', { dotSegments: 'reject' }, '/a/..b/.c'],
    ['/a//b', { duplicateSlashes: 'merge' }, '/a/b'],
    ['/a//../b', { duplicateSlashes: 'merge' }, '/a/b'],
    ['/a//../b', { duplicateSlashes: 'merge', dotSegments: 'keep' }, '/a//../b'],
    ['/a//b', { duplicateSlashes: 'reject' }, { reason: 'duplicateSlashes' }],
    ['/a%2Fb', { encodedSlash: 'reject' }, { reason: 'encodedSlash' }],
    ['/a%5cb', { encodedSlash: 'reject' }, { reason: 'encodedSlash' }],
    ['/a%252Fb', { encodedSlash: 'reject' }, '/a%252Fb'],
    ['/a%00', { controls: 'reject' }, { reason: 'controls' }],
    ['/a%7F', { controls: 'reject' }, { reason: 'controls' }],
    ['/a%0d%0a', { controls: 'reject' }, { reason: 'controls' }],
    ['/a%20', { controls: 'reject' }, '/a%20'],
  ])('of %j under %j is %j', (path, policy, expected) => {
    const sent = forwardedPath(path, { ...usual, ...policy });
    if (typeof expected === 'string') expect(sent).toBe(expected);
    else expect(sent).toMatchObject(expected);
  });

  it('leads to the same route as the path that the client sent, under every policy', () => {
    fc.assert(
      fc.property(anyPath, anyPolicy, (path, policy) => {
        const sent = forwardedPath(path, policy);
        if (typeof sent !== 'string') return;
        expect(routingPath(sent)).toBe(routingPath(path));
        expect(forwardedPath(sent, policy)).toBe(sent);
        if (policy.dotSegments !== 'keep') expect(sent).not.toMatch(/\/(?:\.|%2e){1,2}(?:\/|$)/i);
        if (policy.duplicateSlashes === 'merge' && policy.dotSegments !== 'keep') expect(sent).not.toContain('//');
      }),
      { numRuns: 2000 },
    );
  });

  it('removes dot segments as the RFC has it, and touches nothing else', () => {
    fc.assert(
      fc.property(anyPath, path => {
        expect(forwardedPath(path, usual)).toBe(removeDotSegments(path, /\.|%2e/));
        expect(forwardedPath(path, kept)).toBe(path);
      }),
      { numRuns: 1500 },
    );
  });
});
