import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RawHeaders } from '../fields/raw-headers.js';

/** The refusal of an opening handshake: status, explanation, and additional fields of the response. */
interface HandshakeFault {
  readonly status: 400 | 426;
  readonly detail: string;
  readonly headers: Readonly<RawHeaders>;
}

/** 16 bytes in base64. The four unused bits of the last digit may have any value, as other WebSocket servers allow. */
const key = /^[A-Za-z0-9+/]{22}==$/;

/**
 * What is wrong with the WebSocket fields of an HTTP/1.1 opening handshake (RFC 6455 §4.2.1, §4.4); undefined: they are valid.
 * A version other than 13 gives 426 with the supported version, every other fault 400. A field that was sent twice is joined
 * with a comma, and so never has a valid value. Reads no other fields. Over HTTP/2 there is no key (RFC 8441 §5).
 */
export function handshakeFault(headers: IncomingHttpHeaders, isHttp2 = false): HandshakeFault | undefined {
  const version = headers['sec-websocket-version'];
  if (version === undefined) return malformed('Sec-WebSocket-Version is missing.');
  if (version !== '13') {
    const detail = 'Only version 13 of the WebSocket protocol is spoken here.';
    return { status: 426, detail, headers: ['Sec-WebSocket-Version', '13', 'Upgrade', 'websocket'] };
  }
  if (isHttp2) return undefined;
  const value = headers['sec-websocket-key'];
  if (value === undefined) return malformed('Sec-WebSocket-Key is missing.');
  if (!key.test(value)) return malformed('Sec-WebSocket-Key is not one value of 16 bytes in base64.');
  return undefined;
}

function malformed(detail: string): HandshakeFault {
  return { status: 400, detail, headers: [] };
}

/** A random Sec-WebSocket-Key for a handshake with a backend (RFC 6455 §4.1). */
export function newKey(): string {
  return randomBytes(16).toString('base64');
}

/** The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
