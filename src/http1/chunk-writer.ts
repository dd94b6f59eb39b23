import type { RawHeaders } from '../fields/raw-headers.js';
import { latin1Text } from '../platform/latin1.js';
import { writableLines } from './head-writer.js';

/** Told when the system has taken a piece, or will not. */
type Written = (error?: Error | null) => void;

/** What the pieces of a chunked body are written to: a socket. */
export interface ChunkSink {
  write(piece: Buffer, written?: Written): boolean;
  write(text: string, encoding: 'latin1', written?: Written): boolean;
  cork(): void;
  uncork(): void;
}

/** Data up to this length are one text with the lines of their chunk, in bytes, and used up at once: writing three pieces costs more. */
export const mostCopied = 8 * 1024;

/** Writes a piece of a body as a chunk (RFC 9112 §7.1); an empty one is not written, since it would end the body. Gives what the sink says. */
export function writeChunk(sink: ChunkSink, piece: Buffer, written?: Written): boolean {
  const size = piece.length;
  if (size === 0) return true;
  const line = `${size.toString(16)}\r\n`;
  if (size <= mostCopied) {
    return sink.write(`${line}${latin1Text(piece)}\r\n`, 'latin1', written);
  }
  sink.cork();
  sink.write(line, 'latin1');
  sink.write(piece);
  const flows = sink.write('\r\n', 'latin1', written);
  sink.uncork();
  return flows;
}

/** The end of a chunked body, with those of its trailer fields that can be written. */
export function lastChunk(trailers: Readonly<RawHeaders>): string {
  return trailers.length === 0 ? '0\r\n\r\n' : `0\r\n${writableLines(trailers)}\r\n`;
}
