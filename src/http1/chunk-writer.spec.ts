import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequests } from '../../test/support/http1-transcript.js';
import { type ChunkSink, lastChunk, writeChunk } from './chunk-writer.js';

/** Remembers what is written to it, and as how many packets. */
class RecordingSink implements ChunkSink {
  bytes = '';
  packets = 0;
  #corks = 0;

  constructor(private readonly flows = true) {}

  write(piece: Buffer | string): boolean {
    this.bytes += typeof piece === 'string' ? piece : piece.toString('latin1');
    if (this.#corks === 0) this.packets++;
    return this.flows;
  }

  cork(): void {
    this.#corks++;
  }

  uncork(): void {
    if (--this.#corks === 0) this.packets++;
  }
}

describe('a piece of a body', () => {
  it.each([
    [1, '1'],
    [10, 'a'],
    [255, 'ff'],
    [4096, '1000'],
    [8192, '2000'],
    [8193, '2001'],
    [100_000, '186a0'],
  ])('of %i bytes is a chunk, in one packet', (length, size) => {
    const sink = new RecordingSink();
    const piece = Buffer.alloc(length, '\xff\0\r\n', 'latin1');
    expect(writeChunk(sink, piece)).toBe(true);
    expect(sink.bytes).toBe(`${size}\r\n${piece.toString('latin1')}\r\n`);
    expect(sink.packets).toBe(1);
  });

  it('that is empty is not written: it would end the body', () => {
    const sink = new RecordingSink(false);
    expect(writeChunk(sink, Buffer.alloc(0))).toBe(true);
    expect(sink.bytes).toBe('');
  });

  it('tells whether the sink takes more', () => {
    for (const length of [1, 5000]) {
      expect(writeChunk(new RecordingSink(false), Buffer.alloc(length))).toBe(false);
      expect(writeChunk(new RecordingSink(true), Buffer.alloc(length))).toBe(true);
    }
  });
});

describe('the last chunk', () => {
  it('ends the body, with its trailers', () => {
    expect(lastChunk([])).toBe('0\r\n\r\n');
    expect(lastChunk(['X-A', 'b', 'X-C', ''])).toBe('0\r\nX-A: b\r\nX-C: \r\n\r\n');
  });

  it('is written without a trailer that would be more than one field', () => {
    for (const trailers of [
      ['X', 'a\r\n\r\nGET /b HTTP/1.1'],
      ['X\r\n', 'a'],
      ['', 'a'],
      ['X', '\u010a'],
    ])
      expect(lastChunk(['Y', 'b', ...trailers])).toBe('0\r\nY: b\r\n\r\n');
  });
});

it('a body that is written is read as the same, in pieces of any size', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.integer({ min: 4000, max: 9000 }).map(length => new Uint8Array(length).fill(13)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), pieces => {
      const sink = new RecordingSink();
      for (const each of pieces) writeChunk(sink, Buffer.from(each));
      const bytes = `POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${sink.bytes}${lastChunk(['X', 'y'])}`;
      expect(readRequests([bytes])).toMatchObject({
        messages: [{ body: Buffer.concat(pieces).toString('latin1'), trailers: ['X', 'y'] }],
        fault: undefined,
      });
    }),
  );
});
