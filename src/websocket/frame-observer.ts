/** How a byte stream breaks the rules of WebSocket or a limit; `code` is the close code (RFC 6455 §7.4.1). */
export interface FrameFault {
  readonly code: 1002 | 1009;
  readonly reason: string;
}

/** The rules for one direction of a tunnel. */
interface ObserverOptions {
  /** True for the client's direction: frames must be masked; false: they must not be (RFC 6455 §5.1). */
  readonly masked: boolean;
  /** The longest payload of one frame, in bytes; a frame that declares more is a fault 1009. */
  readonly maxFrame: number;
}

/** The part of a frame to which the next byte belongs. */
type Part = 'opcode' | 'length' | 'extended-length' | 'key' | 'close-code' | 'payload';

/** The parts in which a header has begun and is not whole. */
const isHead: Readonly<Record<Part, boolean>> = {
  opcode: false,
  length: true,
  'extended-length': true,
  key: true,
  'close-code': false,
  payload: false,
};

const continuation = 0;
const text = 1;
const binary = 2;
const close = 8;
const ping = 9;
const pong = 10;
/** The value of `#message` when no message is under way, or when it began with a reserved data opcode. */
const none = 0;
const unknown = 3;

/**
 * Follows one direction of a WebSocket connection (RFC 6455 §5) as its bytes pass, in any split, without changing or keeping
 * them. Extensions are allowed: RSV bits and reserved opcodes are no fault, but do not count as messages. A payload of any
 * length is skipped in one step for each chunk and frame.
 */
export class FrameObserver {
  readonly #masked: boolean;
  readonly #maxFrame: number;
  #part: Part = 'opcode';
  #stopped = false;
  #opcode = 0;
  #final = false;
  /** Bytes still missing of the part that is being read, except for the payload. */
  #missing = 0;
  /** Length of the payload, from the length bytes read so far. */
  #length = 0;
  /** How many bytes of extended length the header has. */
  #extended = 0;
  #key = 0;
  #code = 0;
  /** Bytes still missing of the payload. */
  #remaining = 0;
  /** The opcode with which the message under way began. */
  #message = none;

  #fault: FrameFault | undefined;
  #faultAt = 0;
  #firstBoundary = -1;
  #headAt = -1;
  #text = 0;
  #binary = 0;
  #pings = 0;
  #pongs = 0;
  #closed = false;
  #frames = 0;
  #closeCode: number | undefined;

  constructor({ masked, maxFrame }: ObserverOptions) {
    this.#masked = masked;
    this.#maxFrame = maxFrame;
  }

  /** The fault found; undefined while there is none. */
  get fault(): FrameFault | undefined {
    return this.#fault;
  }

  /**
   * Offset of the first byte of the frame at fault, in the chunk in which `read` found the fault; 0 when the frame began in an
   * earlier chunk, for all later chunks, and while there is no fault.
   */
  get faultAt(): number {
    return this.#faultAt;
  }

  /**
   * Whether the bytes read so far end between two frames, also before the first, so that a control frame may be inserted. After
   * a fault: whether the bytes before `faultAt` end between two frames.
   */
  get atBoundary(): boolean {
    return this.#part === 'opcode';
  }

  /** Offset, in the chunk of the last `read`, of the byte after the first frame that ended in it; -1: none ended. */
  get firstBoundary(): number {
    return this.#firstBoundary;
  }

  /**
   * Offset, in the chunk of the last `read`, of the header that was not whole at its end; 0 when it began in an earlier chunk,
   * -1 when there is none. Every fault lies in a header.
   */
  get headAt(): number {
    return this.#headAt;
  }

  /** Whole text messages. */
  get text(): number {
    return this.#text;
  }

  /** Whole binary messages. */
  get binary(): number {
    return this.#binary;
  }

  /** Whole Ping frames. */
  get pings(): number {
    return this.#pings;
  }

  /** Whole Pong frames. */
  get pongs(): number {
    return this.#pongs;
  }

  /** Whole messages, text and binary. */
  get messages(): number {
    return this.#text + this.#binary;
  }

  /** Frames whose first byte was read, including the one at fault. */
  get frames(): number {
    return this.#frames;
  }

  /** The unchanged code of the Close frame once it was read; 1005 when the frame had none; undefined before. */
  get closeCode(): number | undefined {
    return this.#closeCode;
  }

  /** Whether a whole Close frame has passed: nothing may follow it (RFC 6455 §5.5.1). */
  get closed(): boolean {
    return this.#closed;
  }

  /** Reads the next bytes, in any split. Reads nothing after a fault or a whole Close frame. Never throws. */
  read(chunk: Buffer): void {
    this.#firstBoundary = -1;
    this.#faultAt = 0;
    const end = chunk.length;
    let frameAt = -1;
    let at = 0;
    while (at < end && !this.#stopped) {
      if (this.#part === 'payload') {
        const skipped = Math.min(this.#remaining, end - at);
        this.#remaining -= skipped;
        at += skipped;
      } else if (this.#part === 'key' && this.#missing === 4 && end - at >= 4) {
        this.#key = chunk.readInt32BE(at);
        at += 4;
        this.#endHeader();
      } else {
        if (this.#part === 'opcode') frameAt = at;
        this.#readByte(chunk[at++]!);
      }
      if (this.#part === 'payload' && this.#remaining === 0) {
        this.#endFrame();
        if (this.#firstBoundary === -1) this.#firstBoundary = at;
      }
    }
    this.#headAt = isHead[this.#part] && this.#fault === undefined ? Math.max(frameAt, 0) : -1;
    if (this.#fault === undefined || frameAt === -1) return;
    this.#faultAt = frameAt;
    this.#part = 'opcode';
  }

  /** One byte of a header, or of the code of a Close frame. */
  #readByte(byte: number): void {
    switch (this.#part) {
      case 'opcode':
        return this.#readOpcode(byte);
      case 'length':
        return this.#readLength(byte);
      case 'extended-length':
        this.#length = this.#length * 256 + byte;
        if (--this.#missing === 0) this.#knowLength();
        return;
      case 'key':
        this.#key = (this.#key << 8) | byte;
        if (--this.#missing === 0) this.#endHeader();
        return;
      default:
        this.#code = (this.#code << 8) | byte;
        this.#remaining--;
        if (--this.#missing > 0) return;
        this.#closeCode = this.#code ^ (this.#key >>> 16);
        this.#part = 'payload';
    }
  }

  #readOpcode(byte: number): void {
    const opcode = byte & 15;
    this.#frames++;
    this.#opcode = opcode;
    this.#final = byte > 127;
    if (opcode >= close) {
      if (!this.#final) return this.#fail(1002, 'a control frame is fragmented');
    } else if (opcode === continuation) {
      if (this.#message === none) return this.#fail(1002, 'a continuation frame continues no message');
    } else if (opcode <= binary && this.#message !== none) {
      return this.#fail(1002, 'a message begins inside another');
    }
    this.#part = 'length';
  }

  #readLength(byte: number): void {
    const length = byte & 127;
    if (byte > 127 !== this.#masked) {
      return this.#fail(1002, this.#masked ? 'a frame of a client is not masked' : 'a frame of a server is masked');
    }
    if (this.#opcode >= close && length > 125) return this.#fail(1002, 'a control frame is too long');
    this.#extended = length === 127 ? 8 : length === 126 ? 2 : 0;
    if (this.#extended === 0) {
      this.#length = length;
      return this.#knowLength();
    }
    this.#length = 0;
    this.#missing = this.#extended;
    this.#part = 'extended-length';
  }

  #knowLength(): void {
    const length = this.#length;
    // This includes lengths with the highest bit set, which is not allowed.
    if (length > Number.MAX_SAFE_INTEGER) return this.#fail(1002, 'a length is above 2^53 - 1');
    if ((this.#extended === 2 && length < 126) || (this.#extended === 8 && length < 65_536)) {
      return this.#fail(1002, 'a length is not in its shortest form');
    }
    if (this.#opcode === close && length === 1) return this.#fail(1002, 'a close code is cut off');
    if (length > this.#maxFrame) return this.#fail(1009, 'a frame is too long');
    if (!this.#masked) return this.#endHeader();
    this.#missing = 4;
    this.#part = 'key';
  }

  #endHeader(): void {
    this.#remaining = this.#length;
    this.#part = 'payload';
    if (this.#opcode !== close) return;
    if (this.#length === 0) {
      this.#closeCode = 1005;
    } else {
      this.#missing = 2;
      this.#part = 'close-code';
    }
  }

  #endFrame(): void {
    this.#part = 'opcode';
    const opcode = this.#opcode;
    if (opcode === ping) this.#pings++;
    else if (opcode === pong) this.#pongs++;
    else if (opcode === close) {
      this.#closed = true;
      this.#stopped = true;
    } else if (opcode < close) this.#endDataFrame(opcode);
  }

  #endDataFrame(opcode: number): void {
    if (opcode > binary) {
      if (!this.#final && this.#message === none) this.#message = unknown;
      return;
    }
    if (opcode !== continuation) this.#message = opcode;
    if (!this.#final) return;
    if (this.#message === text) this.#text++;
    else if (this.#message === binary) this.#binary++;
    this.#message = none;
  }

  #fail(code: 1002 | 1009, reason: string): void {
    this.#fault = { code, reason };
    this.#stopped = true;
  }
}
