import { randomBytes } from 'node:crypto';

/** A binary message in one frame (RFC 6455 §5.2), with a payload of so many bytes, up to 65,535; masked as a client's is. */
export function messageFrame(size: number, masked: boolean): Buffer {
  const mask = masked ? 128 : 0;
  const head = size < 126 ? [0x82, mask | size] : [0x82, mask | 126, size >>> 8, size & 255];
  return Buffer.concat([Buffer.from(head), randomBytes(size + (masked ? 4 : 0))]);
}
