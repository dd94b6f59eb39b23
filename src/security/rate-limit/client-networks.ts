import { AddressReader } from '../../addresses/address-words.js';

/** Groups the addresses of one IPv6 network, so that they count as one client; an IPv4 address is a client of its own. */
export class ClientNetworks {
  readonly #reader = new AddressReader();

  /** `prefix`: bits of the network, 1..128. */
  constructor(private readonly prefix: number) {}

  /** The client of a canonical address: `203.0.113.9`, `2001:db8:0:7::/64`; a text that is no address (`unix`) stays unchanged. */
  of(address: string): string {
    if (this.prefix === 128 || address.indexOf(':') === -1 || this.#reader.read(address) !== 6) return address;
    const { words } = this.#reader;
    let text = '';
    for (let group = 0; group * 16 < this.prefix; group++) {
      const value = (words[group >> 1]! >>> (group & 1 ? 0 : 16)) & 0xffff;
      const bits = Math.min(16, this.prefix - group * 16);
      text += (value & (0xffff << (16 - bits)) & 0xffff).toString(16) + ':';
    }
    return this.prefix > 112 ? `${text.slice(0, -1)}/${this.prefix}` : `${text}:/${this.prefix}`;
  }
}
