import { randomFillSync } from 'node:crypto';

const size = 16;
const pool = Buffer.allocUnsafeSlow(256 * size);
let used = pool.length;

/** Where the dashes of a UUID stand in front of its bytes. */
const groups: ReadonlySet<number> = new Set([4, 6, 8, 10]);
const positions = Uint8Array.from(
  { length: size },
  (_, byte) => 2 * byte + [...groups].filter(at => at <= byte).length,
);
const hex = Uint8Array.from(
  Buffer.from(Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0')).join('')),
);
const text = Buffer.alloc(36, '-');

/**
 * A random UUID (RFC 9562 §5.4), from the system's secure source. Half the cost of `crypto.randomUUID` once the text is read, since
 * V8 holds that one in twenty pieces until then.
 */
export function newRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  for (let i = 0; i < size; i++) {
    let byte = pool[used + i]!;
    if (i === 6) byte = (byte & 0x0f) | 0x40;
    else if (i === 8) byte = (byte & 0x3f) | 0x80;
    const at = positions[i]!;
    text[at] = hex[2 * byte]!;
    text[at + 1] = hex[2 * byte + 1]!;
  }
  used += size;
  return text.toString('latin1');
}
