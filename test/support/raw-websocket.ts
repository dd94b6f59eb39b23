import { createHash } from 'node:crypto';
import { frameBytes } from './frame-bytes.js';
import { startRawBackend, type RawBackend, type RawConnection } from './raw-backend.js';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const noBytes = Buffer.alloc(0);

/** The head of an opening handshake (RFC 6455 §4.1), ready to be sent as it is. */
export const openingHandshake =
  `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;

/** The head of the answer to a handshake that has arrived. */
function openingAnswer(request: string): string {
  const asked = /^sec-websocket-key: *(\S+)/im.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${asked}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/**
 * A server that answers every handshake with 101, and leaves what follows to the test. `early` is sent in one write with the
 * 101; `then` is run behind it.
 */
export function startRawWebSocketBackend(
  early: Buffer = noBytes,
  then: (connection: RawConnection) => unknown = () => undefined,
): Promise<RawBackend> {
  return startRawBackend(async connection => {
    connection.respond(Buffer.concat([Buffer.from(openingAnswer(await connection.head())), early]));
    await then(connection);
  });
}

/** What has arrived at such a server behind the handshake. */
export function behindHandshake({ received }: RawConnection): Buffer {
  return received.subarray(received.indexOf('\r\n\r\n') + 4);
}

/** A text message in one frame; with a key, as a client sends it. */
export function textFrame(text: string, isMasked = false): Buffer {
  const payload = Buffer.from(text);
  return frameBytes({ opcode: 1, payload, key: isMasked ? Buffer.from([1, 2, 3, 4]) : undefined });
}
