import { expect, it } from 'vitest';
import { readHeaderLine, readQuestion } from './question.js';

it.each([
  ['http://shop.example/orders/7?a=1', 'http', 'shop.example', '/orders/7?a=1'],
  ['HTTPS://Shop.example:8443', 'https', 'Shop.example:8443', '/'],
  ['https://shop.example?a=1', 'https', 'shop.example', '/?a=1'],
  ['https://[::1]:8443/a//b/../c%2f', 'https', '[::1]:8443', '/a//b/../c%2f'],
  ['/orders/7#top', undefined, undefined, '/orders/7'],
  ['*', undefined, undefined, '*'],
])('reads the URL %s as it would stand in a request', (url, scheme, authority, target) => {
  expect(readQuestion({ url })).toEqual({
    method: 'GET',
    scheme,
    authority,
    target,
    headers: [],
    ip: undefined,
    listener: undefined,
  });
});

it('keeps the order of headers, and those that come several times', () => {
  const { headers } = readQuestion({ url: '/', headers: { 'x-a': ['1', '2'], 'X-B': '3' } });
  expect(headers).toEqual(['x-a', '1', 'x-a', '2', 'X-B', '3']);
});

it.each<[string, unknown, string]>([
  ['null', null, 'must be an object'],
  ['a list', [], 'must be an object'],
  ['no URL', {}, '"url" must be'],
  ['a URL of another scheme', { url: 'ftp://a/' }, '"url" must be'],
  ['a URL with blanks', { url: '/a b' }, '"url" must be'],
  ['a URL with characters that no request could have', { url: '/a\x1b[31m' }, 'percent-encoded'],
  ['a URL beyond ASCII', { url: 'http://a/é' }, 'percent-encoded'],
  ['a host with control characters', { url: 'http://a\x1b/' }, '"url" must be'],
  ['a method that is none', { url: '/', method: 'GE T' }, '"method"'],
  ['headers that are no object', { url: '/', headers: 'x: 1' }, '"headers"'],
  ['a header name that is none', { url: '/', headers: { 'a b': '1' } }, '"a b" is no name'],
  ['an address that is none', { url: '/', ip: 'localhost' }, '"ip" must be an IP address'],
  ['a key that it does not know', { url: '/', header: {} }, 'did you mean "headers"?'],
])('refuses %s', (_, question, message) => {
  expect(() => readQuestion(question)).toThrow(message);
});

it('shows no value of a header in its refusals', () => {
  for (const value of ['hidden\n', 7]) {
    const ask = () => readQuestion({ url: '/', headers: { authorization: value } });
    expect(ask).toThrow('"authorization"');
    expect(ask).not.toThrow('hidden');
  }
});

it('reads the header of a command line', () => {
  expect(readHeaderLine('X-Beta:  a: b ')).toEqual(['X-Beta', 'a: b']);
  expect(readHeaderLine('x-empty:')).toEqual(['x-empty', '']);
  for (const line of ['x-beta', ': 1', 'x beta: 1', '']) expect(readHeaderLine(line)).toBeUndefined();
});
