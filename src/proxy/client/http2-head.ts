import { parseHost } from '../../http/host.js';
import type { RawHeaders } from '../../fields/raw-headers.js';

/**
 * The head of a request on an HTTP/2 stream, taken apart (RFC 9113 §8.3). What the protocol library lets through has each
 * pseudo-header field once at most, before all others, and none of the connection's fields.
 */
export class Http2Head {
  method = '';
  scheme = '';
  path = '';
  authority: string | undefined;
  /** Extended CONNECT (RFC 8441). */
  protocol: string | undefined;
  /** `:authority` and `Host` name different servers, or there is more than one. */
  ambiguous = false;
  /** A value begins or ends with white space (RFC 9113 §8.2.1). */
  padded = false;
  /** The other fields as HTTP/1.1 has them: `host` first, the cookies in one field (RFC 9113 §8.2.3). */
  readonly fields: RawHeaders = [];

  /** `raw`: names in lower case and values by turns. */
  constructor(raw: readonly string[]) {
    const { fields } = this;
    let host: string | undefined;
    let cookie = -1;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!;
      const value = raw[i + 1]!;
      if (isPadded(value)) this.padded = true;
      if (name.charCodeAt(0) === COLON) this.#read(name, value);
      else if (name === 'host') {
        if (host !== undefined) this.ambiguous = true;
        host = value;
      } else if (name === 'cookie') {
        if (cookie === -1) cookie = fields.push(name, value) - 1;
        else fields[cookie] += `; ${value}`;
      } else fields.push(name, value);
    }
    if (this.authority === undefined) this.authority = host;
    else if (host !== undefined && !this.#names(host)) this.ambiguous = true;
    if (this.authority !== undefined) fields.unshift('host', this.authority);
  }

  #read(name: string, value: string): void {
    switch (name) {
      case ':method':
        this.method = value;
        return;
      case ':scheme':
        this.scheme = value.toLowerCase();
        return;
      case ':path':
        this.path = value;
        return;
      case ':authority':
        this.authority = value;
        return;
      default:
        this.protocol = value;
    }
  }

  /** `Host` must name what `:authority` names (RFC 9113 §8.3.1); the port of the scheme may be written or not. */
  #names(host: string): boolean {
    if (host === this.authority) return true;
    const one = parseHost(host);
    const other = parseHost(this.authority!);
    if (one === undefined || other === undefined || one.host !== other.host) return false;
    const usual = this.scheme === 'https' ? '443' : '80';
    return (one.port || usual) === (other.port || usual);
  }
}

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

function isPadded(value: string): boolean {
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
