import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/support/any-text.js';
import { routingPath } from '../http/path.js';
import { parsePattern } from './path-pattern.js';
import { Redirect } from './redirect.js';

function location(to: string, raw: string, query?: string, path = '/old/*'): string {
  const pattern = parsePattern(path);
  return new Redirect(to, [pattern]).location(pattern, { raw, routing: routingPath(raw) }, query);
}

describe('a redirect', () => {
  it.each([
    ['https://new.example/:rest', '/old/a/b', undefined, 'https://new.example/a/b'],
    ['https://new.example/:rest', '/old', undefined, 'https://new.example/'],
    ['https://new.example', '/old/a', 'x=1', 'https://new.example/?x=1'],
    ['https://new.example/:rest', '/old/a', 'x=1&y=%20', 'https://new.example/a?x=1&y=%20'],
    ['https://new.example/:rest', '/old/a', '', 'https://new.example/a'],
    ['https://new.example/a?b=c', '/old/a', 'x=1', 'https://new.example/a?b=c'],
    ['https://new.example/?', '/old/a', 'x=1', 'https://new.example/?'],
    ['https://new.example/?next=/:rest', '/old/a&b=c/d', undefined, 'https://new.example/?next=/a%26b%3Dc/d'],
    ['https://new.example/app#/:rest', '/old/a', 'x=1', 'https://new.example/app?x=1#/a'],
    ['http://[2001:db8::a]:8080/:rest', '/old/a', undefined, 'http://[2001:db8::a]:8080/a'],
    ['//new.example/:rest', '/old/a', undefined, '//new.example/a'],
    ['/new/:rest', '/old/a%2Fb%20c', undefined, '/new/a%2Fb%20c'],
    ['/new/é', '/old/a', undefined, '/new/%C3%A9'],
    ['/:rest', '/old//evil.example', undefined, '/evil.example'],
    ['/:rest', '/old/%2Fevil.example', undefined, '/%2Fevil.example'],
    ['/:rest', '/old/%5Cevil.example', undefined, '/%5Cevil.example'],
    ['/:rest', '/old/\\evil.example', undefined, '/%5Cevil.example'],
    ['/:rest', '/old/%09/evil.example', undefined, '/%09/evil.example'],
    [
      'https://new.example/:rest',
      '/old/%0d%0aset-cookie:%20a',
      '\r\nx: y',
      'https://new.example/%0d%0aset-cookie:%20a?%0D%0Ax:%20y',
    ],
  ])('to %s sends %s (query %j) to %s', (to, raw, query, expected) => {
    expect(location(to, raw, query)).toBe(expected);
  });

  it('fills in parameters by name', () => {
    expect(location('https://new.example/u/:id', '/users/7', undefined, '/users/:id')).toBe('https://new.example/u/7');
  });

  it('does not lead to another host when the path that matched lacks a parameter', () => {
    const [item, old] = [parsePattern('/items/:id/*'), parsePattern('/old/*')];
    const redirect = new Redirect('/:id/:rest', [item, old]);
    const path = '/old/evil.example/a';
    expect(redirect.location(old, { raw: path, routing: path }, undefined)).toBe('/evil.example/a');
  });

  it.each([
    'new.example/a',
    '',
    ':rest',
    '?a=b',
    'ftp://new.example/',
    'https://:rest',
    'https://:rest.example/',
    'https://new.example:rest/',
    'https://user@new.example/',
    'https:///a',
    'javascript:alert(1)',
    '/:other',
  ])('to %j is refused', to => {
    expect(() => location(to, '/old/a')).toThrow();
  });

  it('never leaves the host of its template, and never breaks a header, for any path and query', () => {
    const piece = fc.constantFrom(
      '/',
      '//',
      '\\',
      '%5C',
      '%2F',
      'evil.example',
      '@',
      ':',
      '..',
      '\t',
      '%09',
      '%0A',
      '\u00e9',
      '?',
      '#',
      '|',
      '%',
    );
    const someText = fc.oneof(
      fc.array(piece, { maxLength: 10 }).map(pieces => pieces.join('')),
      anyText(),
    );
    fc.assert(
      fc.property(
        someText,
        someText,
        fc.constantFrom('/:rest', '/:rest?a=/:rest', '/#:rest', 'https://new.example/:rest'),
        (rest, query, to) => {
          const value = location(to, `/old/${rest}`, query);
          expect(value).toMatch(/^[\x21-\x7e]+$/);
          expect(new URL(value, 'https://new.example/').host).toBe('new.example');
        },
      ),
      { numRuns: 1500 },
    );
  });
});
