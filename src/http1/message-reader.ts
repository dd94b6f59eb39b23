import type { RawHeaders } from '../fields/raw-headers.js';
import { ChunkedReader } from './chunked-reader.js';
import { type Fault, faults } from './fault.js';
import { isNamed, readField } from './field-line.js';
import { LineReader, type LineReceiver } from './line-reader.js';

/** What bounds the messages that are read, and which habits of old servers are passed over. */
export interface ReadingRules {
  /** Bytes of a head, and of the trailers of a message. */
  readonly maxHead: number;
  /** Lines may end in LF alone. Default: false. */
  readonly bareLineFeeds?: boolean;
  /** White space may stand behind a chunk size. Default: false. */
  readonly chunkSpaces?: boolean;
  /** `Content-Length` may be repeated with the same value. Default: false. */
  readonly repeatedLengths?: boolean;
}

/** Takes the parts of messages in the order in which they come. Each of its methods may stop the reader. */
export interface MessageReceiver {
  /** The head is whole: the reader has its parts until the next head begins. */
  headRead(): void;
  /** A piece of the body: a part of the buffer that is being read. */
  bodyRead(piece: Buffer): void;
  /** The message is whole. */
  messageRead(trailers: RawHeaders): void;
}

/**
 * How the body of a message is framed (RFC 9112 §6.3). `unknown`: by a coding that is not known here, so that nothing behind the head can be
 * read.
 */
export type Framing = 'chunked' | 'length' | 'none' | 'unknown' | 'until-close';

/** Where a reader is: within a head or before one, within a body, or at its end for good. */
type Stage = 'head' | 'length' | 'chunked' | 'until-close' | 'stopped';

const noFields: RawHeaders = [];
Object.freeze(noFields);

/**
 * Reads the messages that come on one side of a connection (RFC 9112), strictly: what two recipients might understand differently is a fault.
 * Takes bytes in pieces of any size; what comes of them does not depend on how they were cut. Bodies are passed on uncopied. Nothing of one
 * message has an effect on the next.
 */
export abstract class MessageReader implements LineReceiver {
  /** Why nothing more can be read; undefined while it can. */
  fault: Fault | undefined;
  /** The fields of the head, in their order and spelling; a new list for each message. */
  fields: RawHeaders = noFields;
  /** The minor version: 0 or 1. */
  minor = 1;
  framing: Framing = 'none';
  /** The value of `Content-Length`, in bytes; -1 where there is none. */
  length = -1;
  /** The values of `Transfer-Encoding`, joined by commas; undefined where there is none. */
  codings: string | undefined;
  /** `Connection` says `close`. */
  saysClose = false;
  /** `Connection` says `keep-alive`. */
  saysKeepAlive = false;
  readonly #lines: LineReader;
  #stage: Stage = 'head';
  #hasBegun = false;
  #lengthText: string | undefined;
  /** Bytes of the body that are still to come. */
  #left = 0;
  #chunks: ChunkedReader | undefined;
  #receiver!: MessageReceiver;

  constructor(
    protected readonly rules: ReadingRules,
    skipsEmptyLines: boolean,
  ) {
    const { bareLineFeeds = false, maxHead } = rules;
    this.#lines = new LineReader({ most: maxHead, bareLineFeeds, skipsEmptyLines }, this);
  }

  /** Names what takes the parts of messages. Must be called before the first byte is read. */
  serve(receiver: MessageReceiver): void {
    this.#receiver = receiver;
  }

  /** It is before a message, and nothing of that has come. */
  get isIdle(): boolean {
    return this.#stage === 'head' && this.#lines.bytes === 0;
  }

  /** It reads nothing more. */
  get isStopped(): boolean {
    return this.#stage === 'stopped';
  }

  /** The connection can carry another message behind this one (RFC 9112 §9.3). */
  get isPersistent(): boolean {
    const { framing } = this;
    if (this.saysClose || framing === 'until-close' || framing === 'unknown') return false;
    // HTTP/1.0 has no transfer codings: where such a message ends is not certain (RFC 9112 §6.1).
    return this.minor === 1 || (this.saysKeepAlive && this.codings === undefined);
  }

  /** Reads no further: what follows is of another protocol, or of no interest. */
  stop(): void {
    this.#stage = 'stopped';
  }

  /**
   * Reads from `chunk` at `at` up to the end of a message, or else to the end of the chunk. Gives the place behind what was read, at which the
   * reading goes on when the next message may be read. See {@link fault} for whether it can.
   */
  read(chunk: Buffer, at = 0): number {
    while (at < chunk.length && this.#stage !== 'stopped') {
      at = this.#readPart(chunk, at);
      if (this.isIdle && this.endsMessage) break;
    }
    return at;
  }

  /** The connection has ended: this is the end of a message that lasts until then, and a fault within any other. */
  end(): void {
    if (this.#stage === 'until-close') this.#ended(noFields);
    else if (this.#stage !== 'stopped' && !this.isIdle) this.failWith(faults.truncated);
  }

  lineRead(text: string, at: number, end: number): Fault | undefined {
    if (!this.#hasBegun) {
      this.#begin();
      return this.readStartLine(text, at, end);
    }
    return readField(text, at, end, this.fields) ?? this.#look(text, at, end);
  }

  /** Reads the first line of a head, from `at` up to `end`. */
  protected abstract readStartLine(text: string, at: number, end: number): Fault | undefined;

  /** Decides how the body is framed, once the head is whole: sets {@link framing}. */
  protected abstract frame(): Fault | undefined;

  /** What was read last ends its message. An interim response does not. */
  protected get endsMessage(): boolean {
    return true;
  }

  protected failWith(fault: Fault): void {
    this.fault = fault;
    this.#stage = 'stopped';
  }

  #begin(): void {
    this.#hasBegun = true;
    this.fields = [];
    this.codings = undefined;
    this.length = -1;
    this.#lengthText = undefined;
    this.saysClose = false;
    this.saysKeepAlive = false;
  }

  #readPart(chunk: Buffer, at: number): number {
    switch (this.#stage) {
      case 'head':
        return this.#readHead(chunk, at);
      case 'length':
        return this.#readLength(chunk, at);
      case 'chunked':
        return this.#readChunked(chunk, at);
      default:
        this.#receiver.bodyRead(at === 0 ? chunk : chunk.subarray(at));
        return chunk.length;
    }
  }

  #readHead(chunk: Buffer, at: number): number {
    const lines = this.#lines;
    const behind = lines.read(chunk, at);
    const { fault } = lines;
    if (fault !== undefined) {
      this.failWith(fault === faults.headTooLarge && lines.lines === 0 ? faults.targetTooLong : fault);
    } else if (lines.isWhole) this.#headEnded();
    return behind;
  }

  #headEnded(): void {
    this.#lines.begin();
    // An empty line was the first.
    if (!this.#hasBegun) return this.failWith(faults.statusLine);
    this.#hasBegun = false;
    const fault = this.frame();
    if (fault !== undefined) return this.failWith(fault);
    this.#stage = this.#stageOf();
    this.#receiver.headRead();
    if (this.framing === 'none' && this.#stage === 'head' && this.endsMessage) this.#receiver.messageRead(noFields);
  }

  #stageOf(): Stage {
    switch (this.framing) {
      case 'none':
        return 'head';
      case 'length':
        this.#left = this.length;
        return 'length';
      case 'chunked':
        (this.#chunks ??= new ChunkedReader(this.rules)).begin();
        return 'chunked';
      case 'until-close':
        return 'until-close';
      case 'unknown':
        return 'stopped';
    }
  }

  /** Notes the field that was read last, from this line, where it frames a message or ends its connection. Names are told by their length first. */
  #look(text: string, at: number, end: number): Fault | undefined {
    const { fields } = this;
    const name = fields[fields.length - 2]!;
    const value = fields[fields.length - 1]!;
    switch (name.length) {
      case 10:
        if (isNamed(name, 'connection')) this.#readConnection(value.toLowerCase());
        return undefined;
      case 14:
        return isNamed(name, 'content-length') ? this.#readContentLength(value) : undefined;
      case 17:
        return isNamed(name, 'transfer-encoding') ? this.#readCodings(value, text.slice(at, end)) : undefined;
      default:
        return undefined;
    }
  }

  #readConnection(lower: string): void {
    if (lower === 'keep-alive') this.saysKeepAlive = true;
    else if (lower === 'close') this.saysClose = true;
    else if (lower.includes('close') || lower.includes('keep-alive')) {
      // Nothing but space and tab is white space here: trim() takes the byte A0 for some as well.
      const options = lower.split(/[ \t]*,[ \t]*/);
      this.saysClose ||= options.includes('close');
      this.saysKeepAlive ||= options.includes('keep-alive');
    }
  }

  #readCodings(value: string, line: string): Fault | undefined {
    if (value === '') return faults.emptyCoding;
    // Some recipients take a tab for a part of the coding's name.
    if (line.includes('\t')) return faults.tabbedCoding;
    this.codings = this.codings === undefined ? value : `${this.codings},${value}`;
    return undefined;
  }

  #readContentLength(value: string): Fault | undefined {
    if (this.#lengthText !== undefined) {
      if (this.rules.repeatedLengths !== true || value !== this.#lengthText) return faults.repeatedLength;
      // RFC 9110 §8.6: one who passes it on must do so once.
      this.fields.length -= 2;
      return undefined;
    }
    this.#lengthText = value;
    this.length = lengthOf(value);
    return this.length === -1 ? faults.length : undefined;
  }

  #readLength(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.#left);
    this.#left -= to - at;
    this.#receiver.bodyRead(at === 0 && to === chunk.length ? chunk : chunk.subarray(at, to));
    if (this.#left === 0) this.#ended(noFields);
    return to;
  }

  #readChunked(chunk: Buffer, at: number): number {
    const chunks = this.#chunks!;
    const behind = chunks.read(chunk, at);
    if (chunks.to > chunks.from) this.#receiver.bodyRead(chunk.subarray(chunks.from, chunks.to));
    if (this.#stage === 'stopped') return behind;
    if (chunks.fault !== undefined) this.failWith(chunks.fault);
    else if (chunks.isWhole) this.#ended(chunks.trailers);
    return behind;
  }

  #ended(trailers: RawHeaders): void {
    // What it has passed on may have stopped it.
    if (this.#stage === 'stopped') return;
    this.#stage = 'head';
    this.#receiver.messageRead(trailers);
  }
}

/** A number of bytes; -1 for what is none, or has more digits than recipients can count (RFC 9110 §8.6). */
function lengthOf(value: string): number {
  // As long as it is exact in steps of one digit.
  if (value.length > 15) {
    if (!/^\d+$/.test(value)) return -1;
    return value.replace(/^0+/, '').length > 19 ? -1 : Number(value);
  }
  let length = value === '' ? -1 : 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = 10 * length + digit;
  }
  return length;
}
