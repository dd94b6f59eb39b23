import { quote } from './json-text.js';

/** A piece of a line that is always the same, for {@link LineBuffer.piece}: its characters are ASCII. */
export const piece = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

const quoteMark = 0x22;
const backslash = 0x5c;
const dot = 0x2e;
const zero = 0x30;
const nothing = Buffer.alloc(0);
const billion = 1_000_000_000;

/**
 * Log lines as bytes, one after the other; grows as needed, without a limit of its own. The lines of exchanges are built here
 * byte by byte: strings would leave dozens of objects behind for each line, about 3 % of the CPU time of an exchange.
 */
export class LineBuffer {
  /** Bytes written. Set it back to remove the bytes written last. */
  length = 0;
  #bytes: Buffer;

  /** `size`: bytes to begin with. */
  constructor(private readonly size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  piece(bytes: Uint8Array): void {
    const count = bytes.length;
    const to = this.#room(count);
    const at = this.length;
    // Faster than a call of `set` for so few bytes.
    for (let i = 0; i < count; i++) to[at + i] = bytes[i]!;
    this.length = at + count;
  }

  /** A JSON string, escaped as by {@link quote}. */
  string(text: string): void {
    const count = text.length;
    const to = this.#room(count + 2);
    let at = this.length;
    to[at++] = quoteMark;
    for (let i = 0; i < count; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === quoteMark || code === backslash) {
        this.text(quote(text));
        return;
      }
      to[at++] = code;
    }
    to[at++] = quoteMark;
    this.length = at;
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    const to = this.#room(3 * text.length);
    this.length += to.write(text, this.length);
  }

  /** A whole number from 0 to 2^53. */
  number(value: number): void {
    if (value < billion) {
      let digits = 1;
      for (let limit = 10; value >= limit; limit *= 10) digits++;
      this.#digits(value, digits);
    } else {
      const high = Math.floor(value / billion);
      this.number(high);
      this.#digits(value - high * billion, 9);
    }
  }

  /** A duration in milliseconds as a JSON number with at most three decimals (microseconds). */
  milliseconds(duration: number): void {
    const micros = Math.round(duration * 1000);
    if (!(micros > 0)) {
      this.#digits(0, 1);
      return;
    }
    const whole = Math.floor(micros / 1000);
    this.number(whole);
    const rest = micros - whole * 1000;
    if (rest === 0) return;
    this.#room(1)[this.length++] = dot;
    this.#digits(rest, 3);
  }

  /** The text that has been written since the byte at `from`. */
  since(from: number): string {
    return this.#bytes.toString('utf8', from, this.length);
  }

  /** Hands over all bytes, and begins anew. */
  take(): Buffer {
    if (this.length === 0) return nothing;
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.allocUnsafeSlow(this.size);
    this.length = 0;
    return taken;
  }

  /** `count` digits of a number below a billion. */
  #digits(value: number, count: number): void {
    const to = this.#room(count);
    let rest = value | 0;
    for (let i = this.length + count - 1; i >= this.length; i--) {
      const tens = (rest / 10) | 0;
      to[i] = zero + rest - tens * 10;
      rest = tens;
    }
    this.length += count;
  }

  #room(count: number): Buffer {
    return this.length + count <= this.#bytes.length ? this.#bytes : this.#grow(count);
  }

  #grow(count: number): Buffer {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.length + count));
    this.#bytes.copy(larger, 0, 0, this.length);
    return (this.#bytes = larger);
  }
}
