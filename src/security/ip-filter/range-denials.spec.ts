import { expect, it } from 'vitest';
import { parseNetwork } from '../../addresses/network.js';
import { RangeDenials } from './range-denials.js';

const denials = (...texts: string[]): RangeDenials => new RangeDenials(texts, texts.map(parseNetwork));

it.each([
  ['10.1.2.3', 'ip-filter 10.0.0.0/8'],
  ['10.200.0.1', 'ip-filter 10.200.0.0/16'],
  ['192.0.2.7', 'ip-filter 192.0.2.7'],
  ['2001:db8::1', 'ip-filter 2001:db8::/32'],
  ['0.0.0.1', 'ip-filter not in allow'],
  ['11.0.0.1', 'ip-filter not in allow'],
  ['::a00:1', 'ip-filter not in allow'],
])('the log says of %s: %s', (address, reason) => {
  const of = denials('192.0.2.7', '10.200.0.0/16', '2001:db8::/32', '10.0.0.0/8').of(address);
  expect(of).toMatchObject({ code: 'DENIED', status: 403, reason, origin: { policy: 'ip-filter' } });
});

it('a long list of ranges costs a refused address no long search, and its reason stays short', () => {
  const many = Array.from({ length: 100 }, (_, index) => `10.0.0.${index}`);
  expect(denials('10.0.0.0/8', ...many).of('10.9.9.9').reason).toBe('ip-filter in deny');
  expect(denials('10.0.0.0/8', ...many).of('10.0.0.99').reason).toBe('ip-filter 10.0.0.99');
});

it('the same refusal is used again', () => {
  const ranges = denials('10.0.0.0/8');
  expect(ranges.of('10.0.0.1')).toBe(ranges.of('10.0.0.2'));
});
