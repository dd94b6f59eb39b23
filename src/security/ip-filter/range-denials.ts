import { parseNetwork, type Network } from '../../addresses/network.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { denial } from '../denial.js';

/** Ranges that begin before an address are looked at so far back, so that a long list costs a refused request little. */
const furthest = 32;

interface Denied {
  readonly network: Network;
  readonly text: string;
  denial: GatewayError | undefined;
}

const refused = (about: string): GatewayError =>
  denial('ip-filter', about, { status: 403, detail: 'Your address is not let in here.' });

/** The refusal of an address that no range of `allow` contains. */
export const notAllowed = refused('not in allow');
const elsewhere = refused('in deny');

/** Finds for an address that is kept out the range of `deny` that contains it, for the log. */
export class RangeDenials {
  readonly #ranges: readonly Denied[];

  /** `texts`: the ranges as they stand in the file, and `networks` what they mean. */
  constructor(texts: readonly string[], networks: readonly Network[]) {
    this.#ranges = networks
      .map((network, index) => ({ network, text: texts[index]!, denial: undefined }))
      .sort((one, other) => (one.network.first < other.network.first ? -1 : 1));
  }

  /** `address`: an IP address in the spelling that `canonicalAddress` gives. */
  of(address: string): GatewayError {
    const { family, first: value } = parseNetwork(address);
    const ranges = this.#ranges;
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ranges[middle]!.network.first <= value) low = middle + 1;
      else high = middle;
    }
    const end = Math.max(0, low - furthest);
    for (let i = low - 1; i >= end; i--) {
      const range = ranges[i]!;
      if (range.network.family !== family || range.network.last < value) continue;
      return (range.denial ??= refused(range.text));
    }
    return low > furthest ? elsewhere : notAllowed;
  }
}
