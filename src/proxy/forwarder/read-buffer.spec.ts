import { afterEach, describe, expect, it } from 'vitest';
import { sharedBuffer } from '../../platform/direct-reads.js';
import { ReadBuffer } from './read-buffer.js';

const kibibyte = 1024;
const large = 64 * kibibyte;
const opened: ReadBuffer[] = [];

function open(): ReadBuffer {
  const buffer = new ReadBuffer();
  opened.push(buffer);
  return buffer;
}

afterEach(() => {
  for (const buffer of opened.splice(0)) buffer.close();
});

describe('where a connection reads', () => {
  it('is the buffer of all connections, whose pieces cannot be held', () => {
    const buffer = open();
    expect(buffer.next(0)).toBe(sharedBuffer());
    expect(buffer.next(16 * kibibyte - 1)).toBe(sharedBuffer());
    expect(buffer.hold(large)).toBeUndefined();
  });

  it('is a larger one of its own behind a large read, until many small reads follow each other', () => {
    const buffer = open();
    const own = buffer.next(16 * kibibyte);
    expect([own === sharedBuffer(), own.length]).toEqual([false, 256 * kibibyte]);
    for (let reads = 0; reads < 16; reads++) expect(buffer.next(1)).toBe(own);
    expect(buffer.next(large)).toBe(own);
    for (let reads = 0; reads < 16; reads++) expect(buffer.next(1)).toBe(own);
    expect(buffer.next(1)).toBe(sharedBuffer());
    expect(buffer.bytes).toBe(sharedBuffer());
  });

  it('is another buffer while a piece of the last one is held', () => {
    const buffer = open();
    const first = buffer.next(large);
    const releases = [buffer.hold(32 * kibibyte)!, buffer.hold(32 * kibibyte)!];
    const second = buffer.next(large);
    expect(second).not.toBe(first);
    releases[0]!();
    const other = open();
    expect(other.next(large)).not.toBe(first);
    releases[1]!();
    expect(open().next(large)).toBe(first);
  });

  it('holds no small pieces, which would keep a whole buffer', () => {
    const buffer = open();
    buffer.next(large);
    expect(buffer.hold(32 * kibibyte - 1)).toBeUndefined();
  });

  it('is the buffer of all connections again where 64 others have one of their own', () => {
    const buffers = Array.from({ length: 65 }, open);
    const given = new Set(buffers.map(buffer => buffer.next(large)));
    expect([given.size, buffers[64]!.bytes]).toEqual([65, sharedBuffer()]);
    expect(buffers[64]!.hold(large)).toBeUndefined();
    buffers[3]!.close();
    expect(buffers[64]!.next(large)).not.toBe(sharedBuffer());
  });

  it('is not given to another connection when it is closed while a piece is held', () => {
    const buffer = open();
    const own = buffer.next(large);
    const release = buffer.hold(large)!;
    buffer.close();
    expect(open().next(large)).not.toBe(own);
    release();
    expect(open().next(large)).toBe(own);
  });
});
