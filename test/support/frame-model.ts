/** A frame as the model read it; offsets in the whole stream, endless where its header is cut off. */
interface ModelFrame {
  readonly start: number;
  readonly end: number;
  readonly opcode: number;
  readonly length: number;
  /** The kind of the message that ends with it. */
  readonly ends: 'text' | 'binary' | undefined;
}

/** A slow reading of a whole stream, made the plain way to hold a quick one against. */
export interface FrameModel {
  readonly frames: readonly ModelFrame[];
  /** The frame at fault: its first byte, and the byte that shows the fault. */
  readonly fault: { readonly code: number; readonly start: number; readonly at: number } | undefined;
  /** Its code, and the byte behind the last that tells it. */
  readonly close: { readonly code: number; readonly knownAt: number; readonly end: number } | undefined;
}

/** Reads a whole stream of frames (RFC 6455 §5). */
export function modelOf(bytes: Buffer, masked: boolean, maxFrame: number): FrameModel {
  const frames: ModelFrame[] = [];
  let kind: 'text' | 'binary' | 'unknown' | undefined;
  let start = 0;
  const failed = (at: number, code = 1002): FrameModel => ({ frames, fault: { code, start, at }, close: undefined });
  while (start < bytes.length) {
    const first = bytes[start]!;
    const opcode = first % 16;
    const isFinal = first >= 128;
    const isControl = opcode >= 8;
    if (isControl && !isFinal) return failed(start);
    if (opcode === 0 && kind === undefined) return failed(start);
    if ((opcode === 1 || opcode === 2) && kind !== undefined) return failed(start);

    const endless = { start, end: Infinity, opcode, length: 0, ends: undefined };
    const cutOff = (): FrameModel => ({ frames: [...frames, endless], fault: undefined, close: undefined });
    const second = bytes[start + 1];
    if (second === undefined) return cutOff();
    if (second >= 128 !== masked) return failed(start + 1);
    const short = second % 128;
    if (isControl && short > 125) return failed(start + 1);
    const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
    const lengthEnd = start + 2 + extended;
    const digits = bytes.subarray(start + 2, lengthEnd);
    const headerEnd = lengthEnd + (masked ? 4 : 0);
    if (lengthEnd > bytes.length) return cutOff();
    const length = extended === 0 ? BigInt(short) : BigInt(`0x${digits.toString('hex')}`);
    const leastLength = extended === 8 ? 65_536n : extended === 2 ? 126n : 0n;
    if (length > BigInt(Number.MAX_SAFE_INTEGER) || length < leastLength) return failed(lengthEnd - 1);
    if (opcode === 8 && length === 1n) return failed(lengthEnd - 1);
    if (length > BigInt(maxFrame)) return failed(lengthEnd - 1, 1009);
    if (headerEnd > bytes.length) return cutOff();

    const end = headerEnd + Number(length);
    let ends: 'text' | 'binary' | undefined;
    if (opcode === 1) kind = 'text';
    if (opcode === 2) kind = 'binary';
    if (opcode > 2 && !isControl && !isFinal) kind ??= 'unknown';
    if (opcode <= 2 && isFinal) {
      if (kind !== 'unknown') ends = kind;
      kind = undefined;
    }
    frames.push({ start, end, opcode, length: Number(length), ends });
    if (opcode === 8) return { frames, fault: undefined, close: closeOf(bytes, masked, headerEnd, end) };
    start = end;
  }
  return { frames, fault: undefined, close: undefined };
}

function closeOf(bytes: Buffer, masked: boolean, headerEnd: number, end: number): FrameModel['close'] {
  if (end === headerEnd) return { code: 1005, knownAt: end, end };
  if (headerEnd + 2 > bytes.length) return undefined;
  const key = masked ? bytes.readUInt16BE(headerEnd - 4) : 0;
  return { code: bytes.readUInt16BE(headerEnd) ^ key, knownAt: headerEnd + 2, end };
}
