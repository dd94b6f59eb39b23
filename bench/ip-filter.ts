/**
 * What one look-up of the IP filter costs, beside Node's BlockList: `node bench/ip-filter.ts`, after `npm run build`.
 * Prints nanoseconds of CPU, the median of nine rounds.
 */
import { BlockList, isIP } from 'node:net';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { projectRoot } from '#bench/machine';

type Ranges = typeof import('../src/addresses/address-ranges.js');
type Networks = typeof import('../src/addresses/network.js');

const built = (name: string): string => pathToFileURL(join(projectRoot, 'dist/addresses', name)).href;
const { AddressRanges } = (await import(built('address-ranges.js'))) as Ranges;
const { parseNetwork } = (await import(built('network.js'))) as Networks;

const lookUps = 100_000;
const rounds = 9;

/** Ranges that do not touch, half of them IPv4. */
function cidrs(count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    i % 2 === 0
      ? `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/25`
      : `2001:${(0xdb8 + (i >> 16)).toString(16)}:${(i & 0xffff).toString(16)}::/48`,
  );
}

/** Clients, one in ten of them in a range. */
function clients(ranges: readonly string[]): string[] {
  return Array.from({ length: 1000 }, (_, i) => {
    if (i % 10 === 0) return ranges[(i * 7919) % ranges.length]!.replace(/\/\d+$/, '').replace(/0$/, '1');
    return i % 2 === 0 ? `203.${i & 255}.${(i * 7) & 255}.9` : `2a00:1450:${i.toString(16)}::1`;
  });
}

function median(look: (address: string) => boolean | undefined, addresses: readonly string[]): number {
  const figures = Array.from({ length: rounds }, () => {
    let yes = 0;
    const start = process.cpuUsage();
    for (let i = 0; i < lookUps; i++) if (look(addresses[i % addresses.length]!) === true) yes++;
    const { user, system } = process.cpuUsage(start);
    const took = ((user + system) / lookUps) * 1000;
    if (yes === 0) throw new Error('no look-up said yes');
    return took;
  });
  return figures.sort((one, other) => one - other)[rounds >> 1]!;
}

for (const count of [10, 100, 10_000, 100_000]) {
  const ranges = cidrs(count);
  const addresses = clients(ranges);
  const own = new AddressRanges([], ranges.map(parseNetwork));
  const list = new BlockList();
  for (const cidr of ranges) {
    const [address = '', prefix] = cidr.split('/');
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  const listed = (address: string): boolean => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  const disagreed = addresses.find(address => own.admits(address) === listed(address));
  if (disagreed !== undefined) throw new Error(`the two disagree about ${disagreed}`);
  const search = median(address => own.admits(address), addresses);
  const blockList = median(listed, addresses);
  console.log(`${count} ranges: sorted changes ${search.toFixed(0)} ns, BlockList ${blockList.toFixed(0)} ns`);
}
