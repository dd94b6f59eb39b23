import fc from 'fast-check';
import { isIP, SocketAddress } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressReader } from './address-words.js';

const reader = new AddressReader();
const wordsOf = (text: string): number[] => (reader.read(text) === 0 ? [] : [...reader.words]);

describe('AddressReader', () => {
  it('reads IPv4', () => {
    expect(reader.read('203.0.113.9')).toBe(4);
    expect(reader.words[0]).toBe(0xcb007109);
    expect(reader.read('255.255.255.255')).toBe(4);
    expect(reader.words[0]).toBe(0xffffffff);
  });

  it.each([
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['1::', [0x10000, 0, 0, 0]],
    ['2001:db8:85a3::8a2e:370:7334', [0x20010db8, 0x85a30000, 0x8a2e, 0x3707334]],
    ['1:2:3:4:5:6:7:8', [0x10002, 0x30004, 0x50006, 0x70008]],
    ['1:2:3:4:5:6:7::', [0x10002, 0x30004, 0x50006, 0x70000]],
    ['::ffff:192.0.2.1', [0, 0, 0xffff, 0xc0000201]],
    ['64:ff9b::192.0.2.1', [0x64ff9b, 0, 0, 0xc0000201]],
  ])('reads %s', (text, words) => {
    expect(reader.read(text)).toBe(6);
    expect([...reader.words]).toEqual(words);
  });

  it.each([
    ...['', 'unix', 'unknown', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', '1.2.3.-4', '1..3.4'],
    ...[':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1%eth0', '12345::', ':1', '1:', '::g'],
    ...['1:2:3:4:5:6:7:1.2.3.4', '::1.2.3', '1.2.3.4::', '1:2:3:4:5:6:7:8::', `${'0'.repeat(50)}::1`],
  ])('takes %j for no address', text => {
    expect(reader.read(text)).toBe(0);
  });

  it('takes for an address what Node takes for one', () => {
    const piece = fc.constantFrom('0', '1', 'ff', 'db8', ':', '::', '.', '255', '256', '07', 'g', '10', '%');
    const text = fc.oneof(
      fc.array(piece, { maxLength: 16 }).map(parts => parts.join('')),
      fc.ipV4(),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(text, candidate => {
        // Zones are not for comparing with ranges: they have been taken off before.
        fc.pre(!candidate.includes('%'));
        expect(reader.read(candidate)).toBe(isIP(candidate));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads the same from every spelling of an address', () => {
    fc.assert(
      fc.property(fc.ipV6(), text => {
        const { address } = new SocketAddress({ address: text, family: 'ipv6' });
        expect(wordsOf(text)).toEqual(wordsOf(address));
      }),
    );
  });
});
