import { isIPv4, isIPv6 } from 'node:net';

/** The content of a PROXY protocol header. */
interface ProxyHeader {
  /** Bytes of the header; later bytes come from the client. */
  readonly length: number;
  /**
   * `header`: the header names the client; `address` is its IP address, or undefined when it has none (a unix socket).
   * `socket`: the connection is the proxy's own, or the proxy does not know the client; the address of the socket counts.
   */
  readonly source: 'header' | 'socket';
  readonly address: string | undefined;
}

/** The longest header of version 1, in bytes, CRLF included; it is what the specification allows. */
const longestV1 = 107;
/** The longest header of version 2 that is accepted, in bytes. */
const longestV2 = 4096;

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const prefix = Buffer.from('PROXY ', 'latin1');
const CR = 0x0d;
const LF = 0x0a;

/**
 * Reads a PROXY protocol header, version 1 or 2, at the beginning of `bytes` ("The PROXY protocol", HAProxy Technologies).
 * `more`: the bytes are the beginning of a header. `malformed`: they cannot become a header, or it would be longer than 107
 * bytes (version 1) or 4 kB (version 2). The answer does not depend on how the bytes are split. Additional fields (TLVs) are
 * skipped. Never throws.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (bytes.length === 0) return 'more';
  return bytes[0] === CR ? readVersion2(bytes) : readVersion1(bytes);
}

function readVersion1(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (!beginsLike(bytes, prefix)) return 'malformed';
  const line = bytes.subarray(0, longestV1);
  const end = line.findIndex(byte => byte === CR || byte === LF);
  if (end === -1 || (end === line.length - 1 && line[end] === CR)) {
    return bytes.length < longestV1 ? 'more' : 'malformed';
  }
  if (line[end] !== CR || line[end + 1] !== LF) return 'malformed';
  const length = end + 2;
  const [, family, source = '', destination = '', ...ports] = line.toString('latin1', 0, end).split(' ');
  if (family === 'UNKNOWN') return { length, source: 'socket', address: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false;
  const valid = isAddress(source) && isAddress(destination) && ports.length === 2 && ports.every(isPort);
  return valid ? { length, source: 'header', address: source } : 'malformed';
}

function readVersion2(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  if (!beginsLike(bytes, signature)) return 'malformed';
  const [command, kind] = [bytes[12], bytes[13]];
  if (command === undefined) return 'more';
  if (command !== 0x20 && command !== 0x21) return 'malformed';
  if (kind === undefined) return 'more';
  // The other values are not assigned, and must be refused.
  if (kind >> 4 > 3 || (kind & 0xf) > 2) return 'malformed';
  if (bytes.length < 16) return 'more';
  const length = 16 + bytes.readUInt16BE(14);
  const isLocal = command === 0x20;
  const isUnspecified = kind >> 4 === 0 || (kind & 0xf) === 0;
  const needed = isLocal || isUnspecified ? 0 : addressBytes[kind >> 4]!;
  if (length > longestV2 || length < 16 + needed) return 'malformed';
  if (bytes.length < length) return 'more';
  if (needed === 0) return { length, source: 'socket', address: undefined };
  return { length, source: 'header', address: addressIn(bytes, kind >> 4) };
}

/** Bytes of both addresses and ports, by the family: IPv4, IPv6, unix. */
const addressBytes = [0, 12, 36, 216];

function addressIn(bytes: Buffer, family: number): string | undefined {
  if (family === 1) return bytes.subarray(16, 20).join('.');
  if (family === 3) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(16 + 2 * index).toString(16));
  return groups.join(':');
}

function beginsLike(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.compare(expected, 0, length, 0, length) === 0;
}

/** Refuses an address with a zone, which would mean nothing on this machine. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}
