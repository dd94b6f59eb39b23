import { latin1Slice, latin1Text } from '../platform/latin1.js';
import { CR, isText, LF } from './characters.js';
import { type Fault, faults } from './fault.js';

/** Takes whole lines, without their ends; there is no control character in them but the tab. A fault ends the reading. */
export interface LineReceiver {
  lineRead(text: string, at: number, end: number): Fault | undefined;
}

/** What bounds the lines, and what is passed over. */
export interface LineRules {
  /** Bytes of all lines together, their ends included. */
  readonly most: number;
  /** Lines may end in LF alone. */
  readonly bareLineFeeds: boolean;
  /** Line ends that stand before the first line are passed over and not counted (RFC 9112 §2.2). */
  readonly skipsEmptyLines: boolean;
}

/** Bytes of a line after which its pieces are copied together. A text that has grown by pieces takes another 32 bytes for each of them. */
const joinedBytes = 512;

/**
 * Reads lines up to an empty one: a head, or trailers. One character stands for each byte. Lines that come in one piece are one text; of lines in pieces
 * only the last waits, and it is looked at again only when its end has come.
 */
export class LineReader {
  fault: Fault | undefined;
  /** The empty line has come. */
  isWhole = false;
  /** Bytes that have come. */
  bytes = 0;
  /** Whole lines that have come. */
  lines = 0;
  /** The line whose end has not come. */
  #rest = '';
  /** It ends in CR. */
  #endsInReturn = false;

  constructor(
    private readonly rules: LineRules,
    private readonly receiver: LineReceiver,
  ) {}

  begin(): void {
    this.isWhole = false;
    this.bytes = 0;
    this.lines = 0;
    this.#rest = '';
    this.#endsInReturn = false;
  }

  /** Reads from `chunk` at `at`; gives the place behind what was read. See {@link isWhole} and {@link fault} for what came of it. */
  read(chunk: Buffer, at: number): number {
    const { most, skipsEmptyLines } = this.rules;
    if (skipsEmptyLines && this.bytes === 0) {
      while (at < chunk.length && (chunk[at] === CR || chunk[at] === LF)) at++;
    }
    // One byte more than there may be shows that there are too many.
    const to = Math.min(chunk.length, at + most - this.bytes + 1);
    const end = this.#endOfText(chunk, at, to);
    const piece = latin1Slice(chunk, at, end);
    this.bytes += piece.length;
    const text = this.#rest === '' ? piece : this.#rest + piece;
    if (piece.includes('\n')) this.#readLines(text);
    else this.#rest = this.bytes % joinedBytes < piece.length ? latin1Text(Buffer.from(text, 'latin1')) : text;
    if (this.fault !== undefined) return end;
    if (end < to && !this.isWhole) {
      const isReturn = chunk[end] === CR || (this.#endsInReturn && end === at);
      this.fault = isReturn ? faults.bareCarriageReturn : faults.control;
    } else if (this.bytes > most) this.fault = faults.headTooLarge;
    this.#endsInReturn = piece.endsWith('\r');
    return end;
  }

  /** The place behind the empty line, else that of the first byte that no line can have, else `to`. CR may stand before LF and at the end. */
  #endOfText(chunk: Buffer, at: number, to: number): number {
    if (this.#endsInReturn && chunk[at] !== LF) return at;
    // Where the line began, not counting its CR.
    let lineAt = at - this.#rest.length + (this.#endsInReturn ? 1 : 0);
    for (; at < to; at++) {
      const byte = chunk[at]!;
      if (isText[byte] === 1) continue;
      if (byte === LF) {
        if (at === lineAt) return at + 1;
        lineAt = at + 1;
      } else if (byte === CR && (at + 1 === to || chunk[at + 1] === LF)) lineAt++;
      else return at;
    }
    return to;
  }

  #readLines(text: string): void {
    let at = 0;
    for (let feed = text.indexOf('\n'); feed !== -1; feed = text.indexOf('\n', at)) {
      const end = feed > at && text.charCodeAt(feed - 1) === CR ? feed - 1 : feed;
      if (end === feed && !this.rules.bareLineFeeds) this.fault = faults.bareLineFeed;
      else if (end === at) this.isWhole = true;
      else this.fault = this.receiver.lineRead(text, at, end);
      this.lines++;
      at = feed + 1;
      if (this.isWhole || this.fault !== undefined) return;
    }
    this.#rest = text.slice(at);
  }
}
