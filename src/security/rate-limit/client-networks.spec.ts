import fc from 'fast-check';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../../addresses/canonical-address.js';
import { ClientNetworks } from './client-networks.js';

const of = (prefix: number, address: string): string => new ClientNetworks(prefix).of(canonicalAddress(address)!);

describe('ClientNetworks', () => {
  it('takes an IPv4 address for a client, also when it is mapped into IPv6', () => {
    expect(of(64, '203.0.113.9')).toBe('203.0.113.9');
    expect(of(64, '::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(of(1, '203.0.113.9')).toBe('203.0.113.9');
  });

  it('takes the addresses of one network for one client', () => {
    expect(of(64, '2001:db8:0:7::1')).toBe('2001:db8:0:7::/64');
    expect(of(64, '2001:db8:0:7:ffff:ffff:ffff:ffff')).toBe('2001:db8:0:7::/64');
    expect(of(56, '2001:db8:0:7f3::1')).toBe('2001:db8:0:700::/56');
    expect(of(120, '::1234')).toBe('0:0:0:0:0:0:0:1200/120');
    expect(of(128, '2001:db8::1')).toBe('2001:db8::1');
    expect(of(1, 'ffff::1')).toBe('8000::/1');
  });

  it.each(['unix', 'unknown'])('leaves %s as it is', peer => {
    expect(new ClientNetworks(64).of(peer)).toBe(peer);
  });

  it('tells two addresses apart exactly when the first is not in the network of the second', () => {
    const group = fc.nat({ max: 0xffff });
    const groups = fc.tuple(group, group, group, group, group, group, group, group);
    const flipped = fc.integer({ min: 0, max: 127 });
    fc.assert(
      fc.property(groups, flipped, fc.integer({ min: 1, max: 128 }), (first, bit, prefix) => {
        // Leaves out IPv4-mapped addresses.
        fc.pre(first[5] !== 0xffff && (first[5] ^ 0xffff) !== 1 << (15 - (bit % 16)));
        const second = first.map((each, index) => (index === bit >> 4 ? each ^ (0x8000 >> (bit & 15)) : each));
        const text = (all: readonly number[]): string =>
          canonicalAddress(all.map(each => each.toString(16)).join(':'))!;
        const network = new BlockList();
        network.addSubnet(text(first), prefix, 'ipv6');
        const networks = new ClientNetworks(prefix);
        const same = networks.of(text(first)) === networks.of(text(second));
        expect(same).toBe(network.check(text(second), 'ipv6'));
        expect(same).toBe(bit >= prefix);
      }),
      { numRuns: 1000 },
    );
  });
});
