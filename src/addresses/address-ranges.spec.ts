import fc from 'fast-check';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressRanges } from './address-ranges.js';
import { parseNetwork } from './network.js';

const ranges = (allow: readonly string[], deny: readonly string[]): AddressRanges =>
  new AddressRanges(allow.map(parseNetwork), deny.map(parseNetwork));

describe('AddressRanges', () => {
  it('lets in every address that is not denied', () => {
    const filter = ranges([], ['203.0.113.0/24', '2001:db8::/32']);
    expect(filter.admits('203.0.112.255')).toBe(true);
    expect(filter.admits('203.0.113.0')).toBe(false);
    expect(filter.admits('203.0.113.255')).toBe(false);
    expect(filter.admits('203.0.114.0')).toBe(true);
    expect(filter.admits('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff')).toBe(false);
    expect(filter.admits('2001:db9::')).toBe(true);
    expect(filter.admits('0.0.0.0')).toBe(true);
    expect(filter.admits('255.255.255.255')).toBe(true);
  });

  it('closes all other addresses, of both families, when one is allowed', () => {
    const filter = ranges(['10.0.0.0/8'], []);
    expect(filter.admits('10.1.2.3')).toBe(true);
    expect(filter.admits('11.0.0.0')).toBe(false);
    expect(filter.admits('::1')).toBe(false);
    expect(filter.admits('::a00:1')).toBe(false);
  });

  it('prefers deny to allow, whichever is narrower', () => {
    const filter = ranges(['10.1.2.0/24', '192.168.0.0/16'], ['10.0.0.0/8', '192.168.7.0/24']);
    expect(filter.admits('10.1.2.3')).toBe(false);
    expect(filter.admits('192.168.6.1')).toBe(true);
    expect(filter.admits('192.168.7.1')).toBe(false);
    expect(filter.admits('192.168.8.1')).toBe(true);
  });

  it('takes whole families, single addresses and bits after the prefix', () => {
    expect(ranges([], ['0.0.0.0/0']).admits('203.0.113.9')).toBe(false);
    expect(ranges([], ['0.0.0.0/0']).admits('2001:db8::1')).toBe(true);
    expect(ranges(['::/0'], []).admits('2001:db8::1')).toBe(true);
    expect(ranges(['::/0'], []).admits('203.0.113.9')).toBe(false);
    expect(ranges([], ['255.255.255.255']).admits('255.255.255.255')).toBe(false);
    expect(ranges([], ['10.0.0.77/24']).admits('10.0.0.1')).toBe(false);
  });

  it('takes IPv4-mapped ranges for IPv4', () => {
    const filter = ranges([], ['::ffff:203.0.113.0/120', '::ffff:c633:6401']);
    expect(filter.admits('203.0.113.200')).toBe(false);
    expect(filter.admits('198.51.100.1')).toBe(false);
    expect(filter.admits('198.51.100.2')).toBe(true);
    expect(() => parseNetwork('::ffff:0:0/95')).toThrow('wider than the IPv4-mapped addresses');
  });

  it('says so when a text is no address', () => {
    expect(ranges([], []).admits('unix')).toBeUndefined();
    expect(ranges([], []).admits('unknown')).toBeUndefined();
  });

  it.each(['', 'unix', '10.0.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/x', '10.0.0.0/', '10.0/8'])(
    'takes %j for no range',
    text => {
      expect(() => parseNetwork(text)).toThrow(TypeError);
    },
  );

  it("agrees with Node's BlockList about any address and any lists", () => {
    // Few bits differ, so that ranges touch, overlap and contain each other, and addresses fall on their edges.
    const bits = fc.nat({ max: 31 });
    const v4 = bits.map(number => `10.0.${number >> 3}.${(number & 7) * 32}`);
    const v6 = bits.map(number => `2001:db8::${(number >> 3).toString(16)}:${((number & 7) * 8192).toString(16)}`);
    const cidr = fc.oneof(
      fc.tuple(v4, fc.integer({ min: 20, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`),
      fc.tuple(v6, fc.integer({ min: 108, max: 128 })).map(([address, prefix]) => `${address}/${prefix}`),
    );
    const lists = fc.array(cidr, { maxLength: 8 });
    const address = fc.oneof(
      fc.tuple(v4, fc.constantFrom(-1, 0, 1)).map(([base, step]) => near4(base, step)),
      fc
        .tuple(bits, fc.constantFrom(0, 1, 8191))
        .map(([number, low]) => `2001:db8::${(number >> 3).toString(16)}:${((number & 7) * 8192 + low).toString(16)}`),
    );
    fc.assert(
      fc.property(lists, lists, address, (allow, deny, candidate) => {
        const listed = (list: readonly string[]): boolean => blockList(list).check(candidate, familyOf(candidate));
        const expected = !listed(deny) && (allow.length === 0 || listed(allow));
        expect(ranges(allow, deny).admits(candidate)).toBe(expected);
      }),
      { numRuns: 1500 },
    );
  });
});

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

/** The address before or after another. */
function near4(base: string, step: number): string {
  const number = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + step;
  return [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.');
}
