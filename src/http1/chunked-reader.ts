import type { RawHeaders } from '../fields/raw-headers.js';
import { CR, hexValue, isText, isToken, LF, SPACE, TAB } from './characters.js';
import { type Fault, faults } from './fault.js';
import { isNamed, readField } from './field-line.js';
import { LineReader, type LineReceiver } from './line-reader.js';

/** Bytes of the line that tells the size of a chunk, its extensions included. Node.js and Apache have the same limit. */
const mostInLine = 16 * 1024;

/** Data of this length are passed on by themselves, since copying them would cost more than another call. */
const largePiece = 8 * 1024;

const [SEMICOLON, EQUALS, QUOTE, BACKSLASH] = [59, 61, 34, 92];

/** Where the reader is. Extensions: RFC 9112 §7.1.1, without white space. */
type Stage =
  | 'size'
  | 'spaces'
  | 'extension-name'
  | 'extension-value'
  | 'token'
  | 'quoted'
  | 'escaped'
  | 'behind-quotes'
  | 'size-feed'
  | 'data'
  | 'data-end'
  | 'data-feed'
  | 'trailers';

/** What bounds a chunked body, and what is passed over. */
export interface ChunkRules {
  /** Bytes of the trailers. */
  readonly maxHead: number;
  readonly bareLineFeeds?: boolean;
  readonly chunkSpaces?: boolean;
}

/**
 * Reads a chunked body (RFC 9112 §7). The data that one call has read lie together in the buffer that was read, which is changed for that: a
 * body in pieces of one byte is one piece for each read of the connection.
 */
export class ChunkedReader implements LineReceiver {
  fault: Fault | undefined;
  /** The last chunk and the trailers have come. */
  isWhole = false;
  /** Where the data begin that the last call has read, and where they end. */
  from = 0;
  to = 0;
  /** The trailer fields that have come. */
  trailers: RawHeaders = [];
  #stage: Stage = 'size';
  /** Of this chunk: its size, and what is left of it. */
  #left = 0;
  /** Bytes of the line that have come. */
  #inLine = 0;
  /** There is a digit of the size, or a character of the name of the extension. */
  #hasAny = false;
  readonly #lines: LineReader;

  constructor(private readonly rules: ChunkRules) {
    const { bareLineFeeds = false, maxHead } = rules;
    this.#lines = new LineReader({ most: maxHead, bareLineFeeds, skipsEmptyLines: false }, this);
  }

  begin(): void {
    this.isWhole = false;
    this.trailers = [];
    this.#beginSize();
  }

  /** Reads from `chunk` at `at` up to the end of the body, to a piece that is large, or to the end of the chunk. Gives the place behind what was read. */
  read(chunk: Buffer, at: number): number {
    this.from = this.to = at;
    while (at < chunk.length && this.fault === undefined && !this.isWhole) {
      if (this.#stage === 'data') {
        const end = Math.min(chunk.length, at + this.#left);
        const size = end - at;
        if (this.to > this.from && size >= largePiece) return at;
        if (this.to === this.from) {
          this.from = at;
          this.to = end;
        } else {
          chunk.copyWithin(this.to, at, end);
          this.to += size;
        }
        this.#left -= size;
        if (this.#left === 0) this.#stage = 'data-end';
        at = end;
      } else if (this.#stage === 'trailers') at = this.#readTrailers(chunk, at);
      else this.fault = this.#readByte(chunk[at++]!);
    }
    return at;
  }

  lineRead(text: string, at: number, end: number): Fault | undefined {
    const { trailers } = this;
    const fault = readField(text, at, end, trailers);
    if (fault !== undefined) return fault;
    const name = trailers[trailers.length - 2]!;
    return isNamed(name, 'content-length') || isNamed(name, 'transfer-encoding') ? faults.framedTrailer : undefined;
  }

  #readTrailers(chunk: Buffer, at: number): number {
    const behind = this.#lines.read(chunk, at);
    this.isWhole = this.#lines.isWhole;
    const { fault } = this.#lines;
    this.fault = fault === faults.headTooLarge ? faults.trailersTooLarge : fault;
    return behind;
  }

  #beginSize(): void {
    this.#stage = 'size';
    this.#left = 0;
    this.#inLine = 0;
    this.#hasAny = false;
  }

  #readByte(byte: number): Fault | undefined {
    switch (this.#stage) {
      case 'data-end':
        if (byte === LF && this.rules.bareLineFeeds === true) this.#beginSize();
        else if (byte === CR) this.#stage = 'data-feed';
        else return faults.chunkEnd;
        return undefined;
      case 'data-feed':
        if (byte !== LF) return faults.chunkEnd;
        this.#beginSize();
        return undefined;
      default:
        if (++this.#inLine > mostInLine) return faults.longExtension;
        return this.#readOfLine(byte);
    }
  }

  #readOfLine(byte: number): Fault | undefined {
    switch (this.#stage) {
      case 'size': {
        const digit = hexValue[byte]!;
        if (digit === 255) return this.#hasAny ? this.#behindSize(byte) : faults.chunkSize;
        this.#hasAny = true;
        this.#left = this.#left * 16 + digit;
        return this.#left > Number.MAX_SAFE_INTEGER ? faults.hugeChunk : undefined;
      }
      case 'spaces':
        return this.#behindSize(byte);
      case 'extension-name':
        if (isToken[byte] === 1) {
          this.#hasAny = true;
          return undefined;
        }
        if (!this.#hasAny) return faults.chunkExtension;
        if (byte !== EQUALS) return this.#behindExtension(byte);
        this.#stage = 'extension-value';
        return undefined;
      case 'extension-value':
        this.#stage = byte === QUOTE ? 'quoted' : 'token';
        return byte === QUOTE || isToken[byte] === 1 ? undefined : faults.chunkExtension;
      case 'token':
        return isToken[byte] === 1 ? undefined : this.#behindExtension(byte);
      case 'quoted':
        if (byte === QUOTE) this.#stage = 'behind-quotes';
        else if (byte === BACKSLASH) this.#stage = 'escaped';
        return isText[byte] === 1 ? undefined : faults.chunkExtension;
      case 'escaped':
        this.#stage = 'quoted';
        return isText[byte] === 1 ? undefined : faults.chunkExtension;
      case 'behind-quotes':
        return this.#behindExtension(byte);
      default:
        return byte === LF ? this.#sizeRead() : faults.bareCarriageReturn;
    }
  }

  #behindSize(byte: number): Fault | undefined {
    if ((byte === SPACE || byte === TAB) && this.rules.chunkSpaces === true) {
      this.#stage = 'spaces';
      return undefined;
    }
    const fault = this.#behindExtension(byte);
    return fault === faults.chunkExtension ? faults.chunkSize : fault;
  }

  /** What may stand behind a size or an extension: another extension, or the end of the line. */
  #behindExtension(byte: number): Fault | undefined {
    if (byte === SEMICOLON) {
      this.#stage = 'extension-name';
      this.#hasAny = false;
    } else if (byte === CR) this.#stage = 'size-feed';
    else if (byte !== LF) return faults.chunkExtension;
    else return this.rules.bareLineFeeds === true ? this.#sizeRead() : faults.bareLineFeed;
    return undefined;
  }

  #sizeRead(): undefined {
    this.#stage = this.#left > 0 ? 'data' : 'trailers';
    if (this.#left === 0) this.#lines.begin();
  }
}
