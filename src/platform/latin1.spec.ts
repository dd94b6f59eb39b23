import { expect, it } from 'vitest';
import { latin1Text } from './latin1.js';

it("the text of bytes is that which Node's public method gives, for each byte, of a part of a buffer as well", () => {
  const all = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  for (const bytes of [all, all.subarray(7, 200), all.subarray(0, 0)]) {
    expect(latin1Text(bytes), 'Node: latin1Slice of a buffer has changed').toBe(bytes.toString('latin1'));
  }
});
