import { isIPv6 } from 'node:net';

/** A Host field value or `:authority`, taken apart. */
export interface Authority {
  /** Lower case, without a trailing dot. IPv6 literals keep their brackets and are in canonical form: `[::1]`. */
  readonly host: string;
  /** Decimal digits without leading zeros; empty when none was given. */
  readonly port: string;
}

const MAX_LENGTH = 255;
const CACHE_SIZE = 1000;
const NAME = /^(?:[a-z0-9_~-]+\.)*[a-z0-9_~-]+\.?$/i;
const PORT = /^[0-9]{0,5}$/;

let recent = new Map<string, Authority>();
/** Most requests ask for the host that the one before has asked for. */
let lastValue = '';
let last: Authority | undefined;

/**
 * Takes a Host field value or `:authority` apart (RFC 9110 §7.2, RFC 3986 §3.2).
 * Undefined when it is not valid: empty, longer than 255 characters, userinfo, spaces, control or non-ASCII characters,
 * an empty label, a port that is no number up to 65535. Of the characters that RFC 3986 allows in a name only letters,
 * digits, `-`, `.`, `_` and `~` are taken: percent-escapes and sub-delimiters occur in no DNS name, and would give one
 * host several spellings. Good values are remembered (at most 1,000), bad ones never are.
 */
export function parseHost(value: string): Authority | undefined {
  if (value === lastValue) return last;
  if (value.length > MAX_LENGTH) return undefined;
  const authority = recent.get(value) ?? parse(value);
  if (authority === undefined) return undefined;
  if (recent.size >= CACHE_SIZE) recent = new Map();
  recent.set(value, authority);
  lastValue = value;
  return (last = authority);
}

function parse(value: string): Authority | undefined {
  const hostEnd = value.startsWith('[') ? value.indexOf(']') + 1 : value.indexOf(':');
  const host = canonicalHost(hostEnd === -1 ? value : value.slice(0, hostEnd));
  if (host === undefined) return undefined;
  const after = hostEnd === -1 ? '' : value.slice(hostEnd);
  if (after === '') return Object.freeze({ host, port: '' });
  const digits = after.slice(1);
  if (!after.startsWith(':') || !PORT.test(digits) || Number(digits) > 65_535) return undefined;
  return Object.freeze({ host, port: digits === '' ? '' : String(Number(digits)) });
}

function canonicalHost(text: string): string | undefined {
  if (text.startsWith('[')) {
    const address = text.slice(1, -1);
    // A zone (`%eth0`) means something only on the machine that wrote it.
    if (address.includes('%') || !isIPv6(address)) return undefined;
    return new URL(`http://[${address}]/`).hostname;
  }
  if (!NAME.test(text)) return undefined;
  const lower = text.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
