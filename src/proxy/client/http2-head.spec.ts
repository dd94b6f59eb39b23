import { describe, expect, it } from 'vitest';
import { Http2Head } from './http2-head.js';

const pseudo = [':method', 'GET', ':scheme', 'https', ':authority', 'shop.example', ':path', '/a?b'];

describe('the head of a request on an HTTP/2 stream', () => {
  it('is taken apart into pseudo-header fields and fields as HTTP/1.1 has them', () => {
    expect(new Http2Head([...pseudo, 'x-one', '1', 'x-one', '2'])).toMatchObject({
      method: 'GET',
      scheme: 'https',
      path: '/a?b',
      authority: 'shop.example',
      ambiguous: false,
      fields: ['host', 'shop.example', 'x-one', '1', 'x-one', '2'],
    });
  });

  it('has its cookies in one field, where the first was', () => {
    const { fields } = new Http2Head([...pseudo, 'cookie', 'a=1', 'x-one', '1', 'cookie', 'b=2', 'cookie', 'c=3']);
    expect(fields).toEqual(['host', 'shop.example', 'cookie', 'a=1; b=2; c=3', 'x-one', '1']);
  });

  it('names its host by Host when there is no authority', () => {
    const head = new Http2Head([':method', 'GET', ':scheme', 'https', ':path', '/', 'x-one', '1', 'host', 'a.example']);
    expect(head).toMatchObject({ authority: 'a.example', fields: ['host', 'a.example', 'x-one', '1'] });
    expect(new Http2Head([':method', 'GET', ':scheme', 'https', ':path', '/']).authority).toBeUndefined();
  });

  it.each([
    ['shop.example', false],
    ['SHOP.example', false],
    ['shop.example:443', false],
    ['shop.example.', false],
    ['shop.example:80', true],
    ['other.example', true],
    ['', true],
    ['shop.example, other.example', true],
  ])('with Host %j beside its authority is ambiguous: %s', (host, ambiguous) => {
    const head = new Http2Head([...pseudo, 'host', host]);
    expect(head.ambiguous).toBe(ambiguous);
    expect(head.fields).toEqual(['host', 'shop.example']);
  });

  it('knows the usual port of either scheme', () => {
    const plain = [':method', 'GET', ':scheme', 'http', ':authority', 'shop.example:80', ':path', '/'];
    expect(new Http2Head([...plain, 'host', 'shop.example']).ambiguous).toBe(false);
    expect(new Http2Head([...plain, 'host', 'shop.example:443']).ambiguous).toBe(true);
  });

  it('with two Host fields is ambiguous, even when they are alike', () => {
    expect(new Http2Head([...pseudo, 'host', 'shop.example', 'host', 'shop.example']).ambiguous).toBe(true);
  });

  it.each([
    ['a', false],
    ['', false],
    ['a b', false],
    [' a', true],
    ['a\t', true],
    [' ', true],
  ])('with the value %j has white space around one: %s', (value, padded) => {
    expect(new Http2Head([...pseudo, 'x-one', value]).padded).toBe(padded);
  });
});
