import { describe, expect, it } from 'vitest';
import { backlogsOf } from './redis-reply.js';

const args = [1e9, 5e9, 0, 0];

describe('the answer of a Redis server', () => {
  it('is accepted when the script could have given it', () => {
    for (const reply of [
      [1e9, 0],
      [6e9, 3e18],
      [2_345_678_901, 1],
    ]) {
      expect(backlogsOf(reply, args)).toEqual(reply);
    }
  });

  it.each<[what: string, reply: unknown]>([
    ['nothing', null],
    ['text', 'OK'],
    ['a number', 1e9],
    ['an empty list', []],
    ['too few', [1e9]],
    ['too many', [1e9, 0, 0]],
    ['nothing in a list', [null, 0]],
    ['text in a list', ['1000000000', 0]],
    ['a list in a list', [[1e9], 0]],
    ['what is no number', [NaN, 0]],
    ['what is infinite', [Infinity, 0]],
    ['what is negative', [-1, 0]],
    ['minus infinity', [-Infinity, 0]],
    ['a fraction', [1e9 + 0.5, 0]],
    ['less than one request', [0, 0]],
    ['more than the limit has', [6e9 + 1, 0]],
    ['more than any time', [1e9, 2 ** 63]],
    ['a truth', [true, 0]],
  ])('is refused when it is %s', (_, reply) => {
    expect(() => backlogsOf(reply, args)).toThrow('an answer of another form');
  });
});
