import { posix } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adminSpellings } from '../../test/support/path-spellings.js';
import { forwardedPath, type PathPolicy } from './path-policy.js';
import { pathReadings } from './path-readings.js';
import { routingPath } from './path.js';

const kept: PathPolicy = {
  dotSegments: 'keep',
  duplicateSlashes: 'keep',
  encodedSlash: 'keep',
  controls: 'keep',
  backslash: 'keep',
  pathParameters: 'keep',
  doubleEncoding: 'keep',
  encodedDelimiters: 'keep',
  trailingSpace: 'keep',
};

/** All readings, the gateway's own first. */
function readingsOf(path: string): readonly string[] {
  const readings = pathReadings(path);
  if (readings === 'too-many') throw new Error(`${path} has too many readings`);
  return [routingPath(path), ...(readings?.others ?? [])];
}

/** Each escape as a character, as `unescape` and the C of old servers have it; what is broken stays. */
const unescaped = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
const file = (path: string): string => posix.normalize(`/${path}`);
const segments = (path: string, change: (segment: string) => string): string => path.split('/').map(change).join('/');

/** How servers find the path of a request, each written as the server does it. */
const readers: Record<string, (target: string) => string> = {
  'new URL(request.url, base)': target => new URL(target, 'http://host').pathname,
  'new URL, decoded': target => unescaped(new URL(target, 'http://host').pathname),
  'new URL, decoded as a file': target => file(unescaped(new URL(target, 'http://host').pathname)),
  'a router that decodes each segment for itself': target => segments(target, unescaped),
  'a router that merges slashes first': target => segments(target.replace(/\/+/g, '/'), unescaped),
  'a file server': target => file(unescaped(target)),
  'a file server that resolves first': target => file(unescaped(file(target))),
  'a file server on Windows': target => file(segments(unescaped(target).replaceAll('\\', '/'), each => each.trimEnd())),
  'a file server behind one that has decoded': target => file(unescaped(unescaped(target))),
  'a file server behind two that have decoded': target => file(unescaped(unescaped(unescaped(target)))),
  'a server written in C': target => file(unescaped(target).replace(/\0[^]*/, '')),
  Tomcat: target => file(unescaped(segments(target, each => each.replace(/;.*/s, '')))),
  'a Java filter that decodes first': target => file(segments(unescaped(target), each => each.replace(/;.*/s, ''))),
  'a rewrite by the decoded path': target => file(unescaped(target).replace(/[?#][^]*/, '')),
  'a pattern that ends in $': target => file(unescaped(target).replace(/\n$/, '').trimEnd()),
  'http.server of Python': target => file(unescaped(target.split('#')[0]!.split('?')[0]!).trimEnd()),
  'new URL behind a proxy that has decoded': target => unescaped(new URL(unescaped(target), 'http://host').pathname),
  'new URL behind a Java filter': target =>
    new URL(
      segments(unescaped(target), each => each.replace(/;.*/s, '')),
      'http://host',
    ).pathname,
  'parse_url of PHP behind a proxy that has resolved': target =>
    new URL(target, 'http://host').pathname.replace(/^\/\/[^/]+(?=\/)/, ''),
  'parse_url of PHP': target => unescaped(target.replace(/^\/\/[^/]+(?=\/)/, '')),
};

const isBelow = (path: string): boolean => path === '/admin' || path.startsWith('/admin/');

describe('of all spellings of a protected path', () => {
  const spellings = adminSpellings().map(each => forwardedPath(each, kept) as string);
  const unjudged = spellings.filter(each => !isJudged(each));

  it('there are over 4000, and over 3000 of them are below it for at least one server', () => {
    expect(spellings.length).toBeGreaterThan(4000);
    expect(
      spellings.filter(each => Object.values(readers).some(read => isBelow(reading(read, each)))).length,
    ).toBeGreaterThan(3000);
  });

  it.each(Object.entries(readers))('none that %s takes for one below it is missed', (_, read) => {
    const missed = unjudged.filter(each => isBelow(reading(read, each)));
    expect(missed).toEqual([]);
  });

  /** What a server that fails on a path makes of it is nothing. */
  function reading(read: (target: string) => string, path: string): string {
    try {
      return read(path);
    } catch {
      return '';
    }
  }

  function isJudged(path: string): boolean {
    const readings = pathReadings(path);
    return readings === 'too-many' || [routingPath(path), ...(readings?.others ?? [])].some(isBelow);
  }
});

describe('the readings of a path', () => {
  it.each([
    ['/\\x/admin', '/admin'],
    ['/admin\\users', '/admin/users'],
    ['//x/admin', '/admin'],
    ['/%2f%2fx/admin', '/admin'],
    ['/%2fx/admin', '/admin'],
    ['/%252fx/admin', '/admin'],
    ['/%5cx/admin', '/admin'],
    ['/;/x/admin', '/admin'],
    ['/%00/x/admin', '/admin'],
    ['/a/..//x/admin', '/admin'],
    ['/%2e//x/admin', '/admin'],
    ['/%2fx/admin%3fy', '/admin'],
    ['/admin/..%2fpublic', '/admin/..%2fpublic'],
    ['/public/..;/admin', '/admin'],
    ['/admin;x', '/admin'],
    ['/admin%20', '/admin'],
    ['/admin%0a', '/admin'],
    ['/admin%00.js', '/admin'],
    ['/admin%3fx', '/admin'],
    ['/public/%252e%252e/admin', '/admin'],
    ['/public%252f..%252fadmin', '/admin'],
    ['/public/..%5cadmin', '/admin'],
    ['/admin//../x', '/x'],
    ['/caf%C3%A9%252fx', '/café/x'],
  ])('%s: one is %s', (path, reading) => {
    expect(readingsOf(path)).toContain(reading);
  });

  it.each([
    ...[
      '/',
      '/a/b',
      '/a/b/',
      '/caf%C3%A9',
      '/a%20b/c',
      '/a+b',
      '/a:b@c,d=e',
      '/~user',
      '/a.b/.c/..d/e..',
      '/%zz',
      '/100%',
      '*',
    ],
    ...['/index.html', '/.well-known/acme', '/a%7Eb', '/%E2%82%AC', "/!$&'()*"],
  ])('%s has no other', path => {
    expect(pathReadings(path)).toBeUndefined();
  });

  it('strays when one leads out of where it seems to be', () => {
    const strays = [
      '/a/..;/b',
      '//x/b',
      '/%2fx/b',
      '/;/x/b',
      '/\\b',
      '/a%5cb',
      '/a%252fb',
      '/a/..%2fb',
      '/a/../b',
      '/%252e%252e/b',
    ];
    for (const path of strays) expect([path, pathReadings(path)]).toMatchObject([path, { strays: true }]);
    const stays = ['/a;x/b', '/a%2fb', '/a//b', '/a%20', '/a%00', '/a%2541', '/a/.', '/a?'.replace('?', '%3f')];
    for (const path of stays)
      expect([path, pathReadings(path) ?? { strays: false }]).toMatchObject([path, { strays: false }]);
  });

  it('are bounded: a path that is made to have more is told apart', () => {
    expect(pathReadings('//x%252f;a%5c..%00%20/%2525252525252e')).toBe('too-many');
    expect(pathReadings(`/${'a;b%2f'.repeat(2000)}`)).not.toBe('too-many');
    expect(pathReadings(`/${'a;b%252f\\%20/'.repeat(1000)}`)).toBe('too-many');
  });

  it('are at most 160, each a path, and none is the one that the gateway reads', () => {
    const piece = fc.constantFrom(
      '/',
      '//',
      '\\',
      '..',
      '.',
      ';x',
      '%2f',
      '%5c',
      '%252f',
      '%25',
      '%00',
      '%20',
      '%0a',
      '%3f',
      'a',
      '%C3%A9',
      '%ff',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const path = `/${pieces.join('')}`;
        const readings = pathReadings(path);
        if (readings === 'too-many' || readings === undefined) return;
        expect(readings.others.length).toBeLessThanOrEqual(32 * 5);
        expect(readings.others).not.toContain(routingPath(path));
        expect(readings.others.filter(each => !each.startsWith('/'))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
