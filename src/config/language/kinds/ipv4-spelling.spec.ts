import { describe, expect, it } from 'vitest';
import { oddIPv4, oddIPv4In } from './ipv4-spelling.js';

describe('an IPv4 address', () => {
  it.each([
    ['octal', '010.0.0.1', '8.0.0.1'],
    ['octal in a later part', '10.0.0.010', '10.0.0.8'],
    ['hexadecimal', '0x7f.0.0.1', '127.0.0.1'],
    ['hexadecimal in one number', '0x7f000001', '127.0.0.1'],
    ['one decimal number', '2130706433', '127.0.0.1'],
    ['two parts', '127.1', '127.0.0.1'],
    ['three parts', '10.0.1', '10.0.0.1'],
    ['a dot at its end', '10.0.0.1.', '10.0.0.1'],
    ['an escape', '127%2e0.0.1', '127.0.0.1'],
    ['full-width digits', '１27.0.0.1', '127.0.0.1'],
    ['ideographic full stops', '127。0。0。1', '127.0.0.1'],
  ])('in %s, %s, is refused, since it means %3$s', (_, spelling, meant) => {
    expect(oddIPv4(spelling)?.suggestion).toBe(meant);
    for (const url of [`http://${spelling}`, `redis://${spelling}:6379/`, `https://user:pass@${spelling}:8443/x?y`]) {
      expect(oddIPv4In(url, 'a URL')?.details.suggestion).toBe(url.replace(spelling, meant));
    }
  });

  it.each(['256.1.1.1', '1.2.3.4.5', '08.0.0.1', 'a.0x'])('that is none, %s, is refused too', spelling => {
    expect(oddIPv4(spelling)).toEqual({ message: expect.stringContaining('no IPv4 address') as string });
  });

  it.each([
    '10.0.0.1',
    '0.0.0.0',
    'localhost',
    'a1',
    '1a',
    'db-1',
    'node.1a',
    '[::1]',
    '[::ffff:10.0.0.1]',
    'x.10.example',
    '',
  ])('that is one, or a name, %j, is accepted', spelling => {
    expect(oddIPv4(spelling)).toBeUndefined();
    expect(oddIPv4In(`http://${spelling}:80/`, 'a URL')).toBeUndefined();
  });
});
