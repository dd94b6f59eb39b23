import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { mostCopied, writeChunk } from '../http1/chunk-writer.js';
import { latin1Text } from '../platform/latin1.js';
import { smallPiece } from './pieces.js';

/** Told when the system has taken a piece, or will not. */
export type Written = (error?: Error | null) => void;

/** What the pieces of a message are written to. Pieces below 4 KiB are used up within the call. */
export interface Sink {
  /** The system takes as a rule what is written within the call: {@link isEmpty} tells so, which costs less than to be told. */
  readonly takesAtOnce: boolean;
  /** Nothing waits for the system. */
  readonly isEmpty: boolean;
  /** False: there is more to write than there should be; `drain` follows. */
  write(piece: Buffer, written?: Written): boolean;
  /** The same for a piece of any size that is used up within the call. */
  copy(piece: Buffer): boolean;
  /** Tells when the system has taken all that was written before. */
  whenTaken(written: Written): void;
}

/** A text of up to so many bytes Node hands to the system without memory of its own; a buffer of this size would be one more for V8 to collect. */
const longestText = 16 * 1024;

const nothing = Buffer.alloc(0);

/** Writes pieces to a stream as they are. */
export class StreamSink implements Sink {
  readonly takesAtOnce: boolean;

  constructor(protected readonly stream: Writable) {
    // TLS never takes at once.
    this.takesAtOnce = stream instanceof Socket && !('encrypted' in stream);
  }

  get isEmpty(): boolean {
    return this.stream.writableLength === 0;
  }

  write(piece: Buffer, written?: Written): boolean {
    // Node copies a text where the system does not take it at once, and keeps a buffer.
    return piece.length < smallPiece
      ? this.stream.write(latin1Text(piece), 'latin1', written)
      : this.stream.write(piece, written);
  }

  copy(piece: Buffer): boolean {
    if (piece.length > longestText) return this.stream.write(Buffer.from(piece));
    return this.stream.write(latin1Text(piece), 'latin1');
  }

  whenTaken(written: Written): void {
    this.stream.write(nothing, written);
  }
}

/** Writes pieces as chunks (RFC 9112 §7.1). */
export class ChunkedSink extends StreamSink {
  override write(piece: Buffer, written?: Written): boolean {
    return writeChunk(this.stream, piece, written);
  }

  override copy(piece: Buffer): boolean {
    return writeChunk(this.stream, piece.length > mostCopied ? Buffer.from(piece) : piece);
  }
}
