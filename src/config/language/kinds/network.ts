import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { parseNetwork } from '../../../addresses/network.js';
import { Invalid } from './invalid.js';
import { oddIPv4 } from './ipv4-spelling.js';
import type { Kind } from './kind.js';

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** A range of addresses, or one address. */
export const cidr: Kind<string> = {
  label: 'CIDR',
  expected: 'an address range such as 10.0.0.0/8 or fd00::/8, or an address',
  schema: { type: 'string', pattern: '^[0-9a-fA-F:.]+(/\\d{1,3})?$' },
  parse(raw) {
    if (typeof raw !== 'string') return new Invalid(raw, this.expected);
    try {
      parseNetwork(raw);
      return raw;
    } catch (error) {
      const { message } = error as Error;
      return new Invalid(raw, this.expected, message.includes('wider than') ? { message } : {});
    }
  },
  format: value => value,
};

/** An address or host name to listen on or connect to, without a port. */
export const host: Kind<string> = {
  label: 'host',
  expected: 'an address or host name without a port',
  schema: { type: 'string', minLength: 1 },
  parse(raw) {
    const found = typeof raw === 'string' && (isIP(raw) > 0 || hostName.test(raw));
    if (found) return (isIP(raw) === 0 ? refuseOdd(raw, raw, this.expected) : undefined) ?? raw;
    const withoutPort = typeof raw === 'string' ? /^\[?(.+?)\]?:\d+$/.exec(raw)?.[1] : undefined;
    const bare = typeof raw === 'string' ? /^\[(.+)\]$/.exec(raw)?.[1] : undefined;
    const suggestion = bare ?? withoutPort;
    return new Invalid(raw, this.expected, suggestion === undefined ? {} : { suggestion });
  },
  format: value => value,
};

/** The address of a DNS server, with or without a port; an IPv6 address with a port stands in brackets. */
export const nameServer: Kind<string> = {
  label: 'address of a DNS server',
  expected: 'an address with or without a port, such as 10.0.0.2, 127.0.0.1:8600 or [::1]:53',
  schema: { type: 'string', minLength: 1 },
  parse(raw) {
    if (typeof raw !== 'string') return new Invalid(raw, this.expected);
    const [, v6, v4 = raw, port = '53'] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(raw) ?? [];
    const isAddress = v6 === undefined ? isIP(v4) > 0 : isIPv6(v6);
    return isAddress && Number(port) > 0 && Number(port) <= 65_535 ? raw : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/** The host that a request asks for: a name, an address, or `*.` and a name. Lower case, without a port. */
export const hostPattern: Kind<string> = {
  label: 'host pattern',
  expected: 'a host such as shop.example or *.shop.example, without a port',
  schema: { type: 'string', minLength: 1 },
  parse(raw) {
    if (typeof raw !== 'string') return new Invalid(raw, this.expected);
    const lower = raw.toLowerCase();
    const address = /^\[(.+)\]$/.exec(lower)?.[1] ?? lower;
    if (isIP(address) > 0) return lower;
    const name = lower.replace(/^\*\./, '');
    if (hostName.test(name)) return refuseOdd(raw, name, this.expected) ?? lower;
    const suggestion = suggestHost(lower);
    return new Invalid(raw, this.expected, suggestion === undefined ? {} : { suggestion });
  },
  format: value => value,
};

function refuseOdd(raw: string, host: string, expected: string): Invalid | undefined {
  const details = oddIPv4(host);
  return details === undefined ? undefined : new Invalid(raw, expected, details);
}

function suggestHost(written: string): string | undefined {
  const bare = written
    .replace(/^https?:\/\//, '')
    .replace(/[/?#].*$/, '')
    .replace(/:\d+$/, '');
  const star = bare.startsWith('*.') ? '*.' : '';
  const ascii = domainToASCII(bare.slice(star.length));
  return hostName.test(ascii) && `${star}${ascii}` !== written ? `${star}${ascii}` : undefined;
}
