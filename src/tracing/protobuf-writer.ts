/** Room that is there at the beginning: of an exchange with a few attempts. */
const firstRoom = 4096;

/**
 * Writes messages of Protocol Buffers (protobuf.dev/programming-guides/encoding) into memory that it uses again and again, each byte once. It grows as far
 * as its largest message needs: who writes sees to it that messages have an end.
 */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafeSlow(firstRoom);
  #at = 0;

  /** What is written, until the next thing is: it is to be copied. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Begins anew. */
  clear(): void {
    this.#at = 0;
  }

  /** One byte: a tag of a field below 16, `field << 3 | wire type`. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    const to = this.#bytes;
    let at = this.#at;
    // They are short: a call of the platform costs more.
    for (let index = 0; index < length; index++) to[at++] = bytes[index]!;
    this.#at = at;
  }

  /** A whole number of at most 64 bits; a negative one has ten bytes, as int64. */
  varint(value: number): void {
    this.#reserve(10);
    this.#at = value >= 0 && value <= 0xffff_ffff ? this.#shortVarint(value, this.#at) : this.#longVarint(value);
  }

  /** A field fixed32. */
  fixed32(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.#at = at + 4;
  }

  /** A field double. */
  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** A time as nanoseconds, in a field fixed64. `milliseconds`: since 1970; what is less than a nanosecond is left out. */
  nanoseconds(milliseconds: number): void {
    const whole = Math.floor(milliseconds);
    // In two parts, of which no product leaves what a number holds exactly.
    const upper = Math.floor(whole / 0x10_0000) * 1e6;
    const lower = (whole % 0x10_0000) * 1e6 + Math.floor((milliseconds - whole) * 1e6) + (upper % 0x1000) * 0x10_0000;
    this.fixed32(lower % 0x1_0000_0000);
    this.fixed32(Math.floor(upper / 0x1000) + Math.floor(lower / 0x1_0000_0000));
  }

  /** Length and bytes of an id in hexadecimal. */
  hex(id: string): void {
    const { length } = id;
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = length >> 1;
    for (let index = 0; index < length; index += 2)
      bytes[at++] = (digitOf(id.charCodeAt(index)) << 4) | digitOf(id.charCodeAt(index + 1));
    this.#at = at;
  }

  /** Length and UTF-8 of a text; surrogates without their other half become U+FFFD. `length`: {@link utf8Length} of it. */
  text(value: string, length = utf8Length(value)): void {
    this.varint(length);
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.#at;
    if (length === value.length) {
      for (let index = 0; index < length; index++) bytes[at++] = value.charCodeAt(index);
      this.#at = at;
    } else this.#at += bytes.write(value, at, 'utf8');
  }

  /** Begins a message within the message, behind its tag. `room`: bytes that its length will have, if all is as usual. */
  open(room: number): number {
    this.#reserve(room);
    const start = this.#at;
    this.#at += room;
    return start;
  }

  /** Ends a message that begins at `start`, as {@link open} said. */
  close(start: number, room: number): void {
    const from = start + room;
    const length = this.#at - from;
    const needed = varintLength(length);
    if (needed !== room) {
      this.#reserve(needed);
      this.#bytes.copyWithin(start + needed, from, this.#at);
      this.#at += needed - room;
    }
    this.#shortVarint(length, start);
  }

  /** Gives where it ends. `value`: 32 bits. */
  #shortVarint(value: number, at: number): number {
    const bytes = this.#bytes;
    let rest = value;
    let end = at;
    while (rest > 0x7f) {
      bytes[end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[end++] = rest;
    return end;
  }

  #longVarint(value: number): number {
    let rest = BigInt.asUintN(64, BigInt(value));
    let at = this.#at;
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[at++] = Number(rest);
    return at;
  }

  #reserve(more: number): void {
    if (this.#at + more > this.#bytes.length) this.#grow(more);
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.written);
    this.#bytes = larger;
  }
}

/** Bytes of a varint. */
export function varintLength(value: number): number {
  if (value < 0) return 10;
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Bytes of a text in UTF-8. */
export function utf8Length(value: string): number {
  const { length } = value;
  for (let index = 0; index < length; index++) if (value.charCodeAt(index) > 0x7f) return Buffer.byteLength(value);
  return length;
}

/** `unit`: of a digit 0 to 9, a to f. */
function digitOf(unit: number): number {
  return unit <= 0x39 ? unit - 0x30 : unit - 0x57;
}
