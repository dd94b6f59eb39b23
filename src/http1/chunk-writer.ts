import type { RawHeaders } from '../fields/raw-headers.js';
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

/** Data up to this length are copied to be one with the lines of their chunk, in bytes: writing three pieces costs more. */
const mostCopied = 4 * 1024;

/** Writes a piece of a body as a chunk (RFC 9112 §7.1); an empty one is not written, since it would end the body. Gives what the sink says. */
export function writeChunk(sink: ChunkSink, piece: Buffer, written?: Written): boolean {
  const size = piece.length;
  if (size === 0) return true;
  const line = `${size.toString(16)}\r\n`;
  if (size <= mostCopied) {
    const chunk = Buffer.allocUnsafe(line.length + size + 2);
    chunk.write(line, 'latin1');
    piece.copy(chunk, line.length);
    chunk[line.length + size] = 13;
    chunk[line.length + size + 1] = 10;
    return sink.write(chunk, written);
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
