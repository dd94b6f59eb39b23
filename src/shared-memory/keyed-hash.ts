const rotl = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein), over the UTF-16 code units of a text. Without the key it is
 * not possible to find texts with the same hash, so clients cannot choose their place in a table. The result is in {@link high}
 * and {@link low} until the next text, so that nothing is allocated.
 */
export class KeyedHash {
  high = 0;
  low = 0;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;

  /** Hashes a text under a key of two 32-bit words. */
  update(key0: number, key1: number, text: string): void {
    this.#v0 = key0;
    this.#v1 = key1 ^ 0xee;
    this.#v2 = 0x6c796765 ^ key0;
    this.#v3 = 0x74656462 ^ key1;
    const { length } = text;
    const whole = length & ~1;
    for (let i = 0; i < whole; i += 2) this.#compress(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
    // The last word carries the length in bytes, modulo 256.
    this.#compress(((length * 2) << 24) | (length === whole ? 0 : text.charCodeAt(whole)));
    this.#v2 ^= 0xee;
    this.#rounds(4);
    this.high = this.#v1 ^ this.#v3;
    this.#v1 ^= 0xdd;
    this.#rounds(4);
    this.low = this.#v1 ^ this.#v3;
  }

  #compress(word: number): void {
    this.#v3 ^= word;
    this.#rounds(2);
    this.#v0 ^= word;
  }

  #rounds(count: number): void {
    let v0 = this.#v0;
    let v1 = this.#v1;
    let v2 = this.#v2;
    let v3 = this.#v3;
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) | 0;
      v1 = rotl(v1, 5) ^ v0;
      v0 = rotl(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotl(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotl(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotl(v1, 13) ^ v2;
      v2 = rotl(v2, 16);
    }
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}
