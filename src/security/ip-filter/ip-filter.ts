import { AddressRanges } from '../../addresses/address-ranges.js';
import { parseNetwork, type Network } from '../../addresses/network.js';
import { UNIX_PEER } from '../../http/client-address.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';
import { notAllowed, RangeDenials } from './range-denials.js';

/**
 * Lets addresses in or keeps them out with 403: `security.ipFilter`. It checks the client's address, which is the address of
 * the peer unless the peer is one of `trustedProxies`.
 *
 * The peer of a unix socket has no address, so no range contains it: it is let in unless there is an `allow` list. A client
 * whose connection has broken off before its address could be read is not let in.
 */
export class IpFilter implements RequestPolicy {
  readonly #ranges: AddressRanges;
  readonly #admitsUnix: boolean;
  readonly #denials: RangeDenials;

  /** `path`: the place of the filter, for the message. Throws a TypeError for a text that is no range. */
  constructor(allow: readonly string[], deny: readonly string[], path: string) {
    const denied = networks(deny, `${path}.deny`);
    this.#ranges = new AddressRanges(networks(allow, `${path}.allow`), denied);
    this.#denials = new RangeDenials(deny, denied);
    this.#admitsUnix = allow.length === 0;
  }

  check({ clientIp }: PolicyContext): Verdict {
    const admitted = this.#ranges.admits(clientIp);
    if (admitted !== undefined) return admitted ? undefined : this.#denials.of(clientIp);
    return clientIp === UNIX_PEER && this.#admitsUnix ? undefined : notAllowed;
  }
}

function networks(ranges: readonly string[], path: string): Network[] {
  return ranges.map((range, index) => {
    try {
      return parseNetwork(range);
    } catch (error) {
      throw new TypeError(`${path}[${index}]: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
}
