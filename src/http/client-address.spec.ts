import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from '../addresses/canonical-address.js';
import { TrustedProxies } from './client-address.js';

const inside = new TrustedProxies(['10.0.0.0/8', 'fd00::/8', '192.0.2.9']);
const byXff = (header: string, peer = '10.0.0.1') => inside.clientAddress(peer, { 'x-forwarded-for': header });
const byForwarded = (header: string, peer = '10.0.0.1') => inside.clientAddress(peer, { forwarded: header });

describe('which peers are trusted', () => {
  it('trusts no peer by default', () => {
    const noProxies = new TrustedProxies([]);
    for (const peer of ['127.0.0.1', '::1', 'unix', undefined]) expect(noProxies.isTrusted(peer)).toBe(false);
    expect(noProxies.clientAddress('10.0.0.1', { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=1.1.1.1' })).toBe(
      '10.0.0.1',
    );
  });

  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['::ffff:a01:203', true],
    ['11.0.0.1', false],
    ['192.0.2.9', true],
    ['192.0.2.8', false],
    ['FD00:0::1', true],
    ['2001:db8::1', false],
    ['fd00::1%eth0', true],
    ['not an address', false],
  ])('says of %s: %s', (peer, trusted) => {
    expect(inside.isTrusted(peer)).toBe(trusted);
    expect(inside.isTrusted(peer)).toBe(trusted);
  });

  it('takes IPv4-mapped entries for their IPv4 networks', () => {
    const mapped = new TrustedProxies(['::ffff:10.0.0.0/104', '::ffff:192.0.2.1']);
    expect(['10.9.9.9', '192.0.2.1', '11.0.0.1', '192.0.2.2'].map(peer => mapped.isTrusted(peer))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('takes whole address families', () => {
    const all = new TrustedProxies(['0.0.0.0/0', '::/0']);
    expect(all.isTrusted('203.0.113.1')).toBe(true);
    expect(all.isTrusted('2001:db8::1')).toBe(true);
  });

  it.each([
    '',
    'example.com',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::ffff:10.0.0.0/90',
    'Unix',
  ])('refuses the entry %j by name', entry => {
    expect(() => new TrustedProxies([entry])).toThrow(`"${entry}"`);
  });

  it('trusts the peers of unix sockets only when told so', () => {
    const unix = new TrustedProxies(['unix']);
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    expect(inside.clientAddress('unix', headers)).toBe('unix');
    expect(unix.clientAddress('unix', headers)).toBe('203.0.113.7');
    expect(unix.clientAddress('unix', {})).toBe('unix');
  });

  it('never trusts a socket that is gone', () => {
    expect(new TrustedProxies(['unix', '0.0.0.0/0']).clientAddress(undefined, { 'x-forwarded-for': '1.1.1.1' })).toBe(
      'unknown',
    );
  });

  it('keeps answering right when it has seen more peers than it remembers', () => {
    for (let i = 0; i < 3000; i++) {
      expect(inside.isTrusted(`10.${i >> 8}.${i & 255}.1`)).toBe(true);
      expect(inside.isTrusted(`11.${i >> 8}.${i & 255}.1`)).toBe(false);
    }
  });
});

describe('the client behind trusted proxies, by X-Forwarded-For', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['6.6.6.6, 203.0.113.7, 10.0.0.2,10.0.0.3', '203.0.113.7'],
    ['10.0.0.4, 10.0.0.3', '10.0.0.4'],
    ['2001:DB8:0::7', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['203.0.113.7:4711, 10.0.0.2', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['203.0.113.7,,10.0.0.2,', '203.0.113.7'],
    ['6.6.6.6, unknown, 10.0.0.2', '10.0.0.2'],
    ['6.6.6.6, garbage', '10.0.0.1'],
    ['6.6.6.6, 999.1.1.1', '10.0.0.1'],
    ['', '10.0.0.1'],
    [', ,', '10.0.0.1'],
  ])('of %j is %s', (header, client) => {
    expect(byXff(header)).toBe(client);
  });

  it('ignores what an untrusted peer says', () => {
    expect(byXff('1.1.1.1', '203.0.113.9')).toBe('203.0.113.9');
    expect(byXff('1.1.1.1', '::ffff:203.0.113.9')).toBe('203.0.113.9');
  });

  it('takes it before Forwarded when both are there', () => {
    expect(inside.clientAddress('10.0.0.1', { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=2.2.2.2' })).toBe(
      '1.1.1.1',
    );
  });

  it('reads a bounded number of hops of a giant header', () => {
    expect(byXff(`6.6.6.6${', 10.0.0.2'.repeat(100_000)}`)).toBe('10.0.0.2');
    expect(byXff(','.repeat(1_000_000) + '6.6.6.6' + ','.repeat(200))).toBe('10.0.0.1');
    expect(byXff('1'.repeat(1_000_000))).toBe('10.0.0.1');
  });
});

describe('the client behind trusted proxies, by Forwarded', () => {
  it.each([
    ['for=203.0.113.7', '203.0.113.7'],
    ['For=203.0.113.7;proto=http;by=10.0.0.1', '203.0.113.7'],
    ['proto=https ; for="203.0.113.7:4711"', '203.0.113.7'],
    ['for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="[2001:DB8::17]"', '2001:db8::17'],
    ['for=203.0.113.7, for=10.0.0.2', '203.0.113.7'],
    ['for=6.6.6.6, for=203.0.113.7;host="a, b; for=7.7.7.7", for=10.0.0.2', '203.0.113.7'],
    ['for=6.6.6.6, for=unknown, for=10.0.0.2', '10.0.0.2'],
    ['for=6.6.6.6, for=_hidden', '10.0.0.1'],
    ['for=6.6.6.6, for="_SEVKISEK"', '10.0.0.1'],
    ['for=6.6.6.6, proto=http', '10.0.0.1'],
    ['for=6.6.6.6;for=7.7.7.7', '10.0.0.1'],
    ['for="203.0.113\\.7"', '203.0.113.7'],
    ['for="', '10.0.0.1'],
    ['for="6.6.6.6, for=203.0.113.7', '10.0.0.1'],
    ['for="6.6.6.6\\', '10.0.0.1'],
    ['for="[203.0.113.7]"', '10.0.0.1'],
    ['', '10.0.0.1'],
  ])('of %j is %s', (header, client) => {
    expect(byForwarded(header)).toBe(client);
  });

  it('needs linear time for a giant header', () => {
    const started = process.cpuUsage();
    byForwarded('for="a;,'.repeat(100_000));
    expect(byForwarded(`for=6.6.6.6${', for=10.0.0.2'.repeat(100_000)}`)).toBe('10.0.0.2');
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });
});

describe('with any text in the headers', () => {
  it('the client is a canonical address, and a spoofed prefix never changes it', () => {
    const noise = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f.:,; "=for\\[\]_%]*$/));
    fc.assert(
      fc.property(noise, noise, fc.ipV4(), (header, spoofed, address) => {
        const seen = inside.clientAddress('10.0.0.1', { 'x-forwarded-for': header, forwarded: spoofed });
        expect(canonicalAddress(seen)).toBe(seen);
        expect(canonicalAddress(byForwarded(header))).toBeDefined();
        fc.pre(!inside.isTrusted(address));
        expect(byXff(`${spoofed}, ${address}, 10.0.0.2`)).toBe(address);
      }),
      { numRuns: 1000 },
    );
  });

  it('the client is the first from the right that is not trusted, as a list of hops has it', () => {
    const hop = fc.oneof(
      fc.nat(255).map(byte => `10.0.0.${byte}`),
      fc.ipV4(),
      fc.ipV6().map(address => canonicalAddress(address)!),
    );
    // With a port, and in Forwarded always, an IPv6 address stands in brackets (RFC 7239 §6).
    const spelled = (address: string, port: boolean, forwarded: boolean): string => {
      const host = address.includes(':') && (port || forwarded) ? `[${address}]` : address;
      return port ? `${host}:4711` : host;
    };
    fc.assert(
      fc.property(fc.array(fc.tuple(hop, fc.boolean()), { maxLength: 20 }), hops => {
        const addresses = ['10.0.0.1', ...hops.map(([address]) => address).reverse()];
        const expected = addresses.find(address => !inside.isTrusted(address)) ?? addresses.at(-1);
        expect(byXff(hops.map(([address, port]) => spelled(address, port, false)).join(', '))).toBe(expected);
        expect(byForwarded(hops.map(([address, port]) => `for="${spelled(address, port, true)}"`).join(','))).toBe(
          expected,
        );
      }),
      { numRuns: 2000 },
    );
  });
});
