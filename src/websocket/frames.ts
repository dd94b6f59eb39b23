import { randomFillSync } from 'node:crypto';

const longest = 125;
const noCode = 1005;

/**
 * A Close frame (RFC 6455 §5.5.1) with code and reason; the reason is cut at 123 bytes of UTF-8, between two characters. Code
 * 1005, which a frame may not contain, gives a frame without code and reason. `masked`: for a backend, with a fresh random key.
 * Throws a RangeError when the code does not fit 16 bits.
 */
export function closeFrame(code: number, reason: string, masked: boolean): Buffer {
  const payload = Buffer.alloc(longest);
  if (code === noCode) return controlFrame(8, payload.subarray(0, 0), masked);
  payload.writeUInt16BE(code, 0);
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return controlFrame(8, payload.subarray(0, 2 + written), masked);
}

/**
 * A Ping frame (RFC 6455 §5.5.2) with that payload. `masked`: for a backend, with a fresh random key. Throws a
 * RangeError when the payload is longer than 125 bytes.
 */
export function pingFrame(payload: Buffer, masked: boolean): Buffer {
  if (payload.length > longest) throw new RangeError(`a Ping of ${payload.length} bytes; ${longest} is the most`);
  return controlFrame(9, payload, masked);
}

function controlFrame(opcode: number, payload: Buffer, masked: boolean): Buffer {
  const { length } = payload;
  const start = masked ? 6 : 2;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = 0x80 | opcode;
  frame[1] = masked ? 0x80 | length : length;
  payload.copy(frame, start);
  if (!masked) return frame;
  randomFillSync(frame, 2, 4);
  for (let at = 0; at < length; at++) frame[start + at]! ^= frame[2 + (at & 3)]!;
  return frame;
}
