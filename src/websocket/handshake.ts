import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RawHeaders } from '../http/raw-headers.js';

/** How an opening handshake is refused: status, what is wrong, and what the response must say besides. */
export interface HandshakeFault {
  readonly status: 400 | 426;
  readonly detail: string;
  readonly headers: Readonly<RawHeaders>;
}

/** 16 bytes. The four bits that the last digit has too many may be anything, as WebSocket servers take them. */
const key = /^[A-Za-z0-9+/]{22}==$/;

/**
 * What is wrong with the WebSocket fields of an HTTP/1.1 opening handshake (RFC 6455 §4.2.1, §4.4); undefined when
 * nothing is. A version other than 13 gives 426 with the version that is spoken, everything else 400. A field that came
 * twice is joined with a comma, and so is none of the values that are taken. Looks at no other field. Over HTTP/2 there is no key
 * (RFC 8441 §5).
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
