import type { SrvRecord } from 'node:dns';

/** A place where SRV records say that the service is. */
export interface ServicePlace {
  readonly address: string;
  readonly port: number;
  /** 1..1000. */
  readonly weight: number;
  /** Its priority is not the lowest. */
  readonly backup: boolean;
}

/** The largest weight of a backend; that of a record is at most 65,535 (RFC 2782). */
const largestWeight = 1_000;

/**
 * The places of SRV records, by the addresses of their targets; a target without any is left out. Those of the lowest priority are the primaries, as long
 * as one of them has an address. Weights stay as they are up to 1,000; larger ones are brought down in proportion, all of them. A weight of 0 is one
 * of 1. The addresses of one target share its weight.
 */
export function placesOf(
  records: readonly SrvRecord[],
  addresses: ReadonlyMap<string, readonly string[]>,
): ServicePlace[] {
  const there = records.filter(({ name }) => (addresses.get(name)?.length ?? 0) > 0);
  const best = there.reduce((lowest, { priority }) => Math.min(lowest, priority), Infinity);
  const heaviest = there.reduce((most, { weight }) => Math.max(most, weight), largestWeight);
  const places = new Map<string, ServicePlace>();
  for (const { name, port, priority, weight } of there) {
    const all = addresses.get(name)!;
    const share = (weight * largestWeight) / heaviest / all.length;
    for (const address of all) {
      const place = { address, port, weight: Math.max(1, Math.round(share)), backup: priority > best };
      const key = `${address} ${port}`;
      const known = places.get(key);
      if (known === undefined || (known.backup && !place.backup)) places.set(key, place);
    }
  }
  return [...places.values()];
}
