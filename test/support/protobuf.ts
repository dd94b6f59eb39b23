/** The fields of a message of Protocol Buffers by their numbers, undecoded (protobuf.dev/programming-guides/encoding). */
export class ProtobufFields {
  readonly #values = new Map<number, (bigint | Buffer)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      for (let value = 0n, shift = 0n; ; shift += 7n) {
        const byte = bytes.readUInt8(at++);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    const piece = (length: number): Buffer => {
      if (at + length > bytes.length) throw new Error('a field that is longer than its message');
      return bytes.subarray(at, (at += length));
    };
    const value = (type: number): bigint | Buffer => {
      if (type === 0) return varint();
      if (type === 1) return piece(8).readBigUInt64LE();
      if (type === 2) return piece(Number(varint()));
      if (type === 5) return BigInt(piece(4).readUInt32LE());
      throw new Error(`a field of wire type ${type}`);
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const number = tag >> 3;
      const known = this.#values.get(number);
      if (known === undefined) this.#values.set(number, [value(tag & 7)]);
      else known.push(value(tag & 7));
    }
  }

  has(number: number): boolean {
    return this.#values.has(number);
  }

  /** 0 where it is missing. */
  integer(number: number): bigint {
    const value = this.#values.get(number)?.at(-1) ?? 0n;
    if (typeof value !== 'bigint') throw new Error(`field ${number} is no number`);
    return value;
  }

  double(number: number): number {
    const bits = Buffer.alloc(8);
    bits.writeBigUInt64LE(this.integer(number));
    return bits.readDoubleLE();
  }

  text(number: number): string {
    return this.#pieces(number).at(-1)?.toString() ?? '';
  }

  hex(number: number): string {
    return this.#pieces(number).at(-1)?.toString('hex') ?? '';
  }

  messages(number: number): ProtobufFields[] {
    return this.#pieces(number).map(fieldsOf);
  }

  #pieces(number: number): Buffer[] {
    return (this.#values.get(number) ?? []).map(value => {
      if (typeof value === 'bigint') throw new Error(`field ${number} is a number`);
      return value;
    });
  }
}

/** Reads a message. @throws Error where it is not one. */
export function fieldsOf(bytes: Buffer): ProtobufFields {
  return new ProtobufFields(bytes);
}
