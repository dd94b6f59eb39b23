import { describe, expect, it } from 'vitest';
import { byteByByte } from '../../test/support/http1-transcript.js';
import type { RawHeaders } from '../fields/raw-headers.js';
import { ChunkedReader, type ChunkRules } from './chunked-reader.js';
import { faults } from './fault.js';

interface Reading {
  readonly data: string;
  readonly trailers: RawHeaders;
  /** Bytes of the last piece that were not read, since the body had ended. */
  readonly rest: string;
  readonly isWhole: boolean;
  readonly fault: string | undefined;
}

function readBody(pieces: readonly string[], rules: Partial<ChunkRules> = {}): Reading {
  const reader = new ChunkedReader({ maxHead: 100, ...rules });
  reader.begin();
  let data = '';
  let rest = '';
  for (const piece of pieces) {
    const chunk = Buffer.from(piece, 'latin1');
    let at = 0;
    while (at < chunk.length && !reader.isWhole && reader.fault === undefined) {
      at = reader.read(chunk, at);
      data += chunk.toString('latin1', reader.from, reader.to);
    }
    rest = chunk.toString('latin1', at);
  }
  const { fault, isWhole, trailers } = reader;
  return { data, trailers, rest: isWhole ? rest : '', isWhole, fault: fault?.message };
}

const end = '0\r\n\r\n';

describe('a chunked body', () => {
  it.each([
    [end, ''],
    [`5\r\nhello\r\n${end}`, 'hello'],
    [`2\r\nhe\r\n3\r\nllo\r\n${end}`, 'hello'],
    [`A\r\nhellohello\r\n${end}`, 'hellohello'],
    [`a\r\nhellohello\r\n0000\r\n\r\n`, 'hellohello'],
    [`00000000000000000000005\r\nhello\r\n${end}`, 'hello'],
    [`7\r\n\r\n0\r\n\r\n\r\n${end}`, '\r\n0\r\n\r\n'],
    [`1a\r\n${'\0\xff'.repeat(13)}\r\n${end}`, '\0\xff'.repeat(13)],
  ])('%j is read up to its end', (text, data) => {
    const whole = { data, trailers: [], rest: '5\r\nnext', isWhole: true, fault: undefined };
    expect(readBody([`${text}5\r\nnext`])).toEqual(whole);
    expect(readBody(byteByByte(text))).toEqual({ ...whole, rest: '' });
    for (let at = 1; at < text.length; at++)
      expect(readBody([text.slice(0, at), `${text.slice(at)}5\r\nnext`])).toEqual(whole);
  });

  it('is not whole before its last byte', () => {
    const text = `5\r\nhello\r\n${end}`;
    for (let at = 0; at < text.length; at++)
      expect(readBody([text.slice(0, at)])).toMatchObject({ isWhole: false, fault: undefined });
  });

  it('may tell a size of as many bytes as can be counted, and no more', () => {
    expect(readBody(['1fffffffffffff\r\nab'])).toMatchObject({ data: 'ab', isWhole: false, fault: undefined });
    expect(readBody(['20000000000000\r\nab'])).toMatchObject({ data: '', fault: faults.hugeChunk.message });
    expect(readBody(['f'.repeat(100)])).toMatchObject({ fault: faults.hugeChunk.message });
  });

  it('gives the data that came before a fault', () => {
    expect(readBody(['2\r\nab\r\n1\r\ncd'])).toMatchObject({ data: 'abc', fault: faults.chunkEnd.message });
  });

  it('begins anew, and keeps nothing of the one before', () => {
    const reader = new ChunkedReader({ maxHead: 100 });
    for (const trailers of [['A', 'b'], []] as const) {
      reader.begin();
      expect(reader).toMatchObject({ isWhole: false, trailers: [] });
      const lines = trailers.length > 0 ? 'A: b\r\n' : '';
      reader.read(Buffer.from(`2;a=b\r\nab\r\n0\r\n${lines}\r\n`), 0);
      expect(reader).toMatchObject({ isWhole: true, trailers, fault: undefined });
    }
  });
});

describe('a chunk extension', () => {
  it.each([
    ';a',
    ';a=b',
    ';a;b;c=d',
    ';a="b"',
    ';a=""',
    ';a="b;c";d="e=f"',
    ';a="\\"\\\\;"',
    ';a="\t\xff"',
    ";!#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~",
  ])('%j is passed over', extension => {
    const text = `2${extension}\r\nab\r\n0${extension}\r\n\r\n`;
    for (const pieces of [[text], byteByByte(text)])
      expect(readBody(pieces)).toMatchObject({ data: 'ab', isWhole: true, fault: undefined });
  });

  it('may fill a line of 16 KiB, and no more', () => {
    const line = (length: number): string => `1;a=${'b'.repeat(length - 6)}\r\n`;
    for (const split of [(text: string): string[] => [text], byteByByte]) {
      expect(readBody(split(`${line(16_384)}x\r\n${line(16_384)}y\r\n${end}`))).toMatchObject({
        data: 'xy',
        isWhole: true,
      });
      expect(readBody(split(`${line(16_385)}x\r\n${end}`))).toMatchObject({ fault: faults.longExtension.message });
    }
    expect(readBody([`${'0'.repeat(16_381)}1\r\nx\r\n${end}`])).toMatchObject({ data: 'x', isWhole: true });
    expect(readBody(['0'.repeat(16_385)])).toMatchObject({ fault: faults.longExtension.message });
  });
});

describe('white space behind a chunk size', () => {
  it.each(['2 ', '2\t', '2 \t ', '2 ;a=b', '000002 '])('is refused unless it may stand there: %j', line => {
    const text = `${line}\r\nab\r\n${end}`;
    for (const pieces of [[text], byteByByte(text)]) {
      expect(readBody(pieces)).toMatchObject({ data: '', fault: faults.chunkSize.message });
      expect(readBody(pieces, { chunkSpaces: true })).toMatchObject({ data: 'ab', isWhole: true, fault: undefined });
    }
  });

  it.each([' 2', '2 2', '2 g', '2;a b', '2; a', '2;a ', '2 \r \n', '', ' '])('is refused elsewhere: %j', line => {
    expect(readBody([`${line}\r\nab\r\n${end}`], { chunkSpaces: true }).fault).toBeDefined();
  });
});

describe('LF alone', () => {
  it.each([
    ['2\nab\r\n0\r\n\r\n', faults.bareLineFeed],
    ['2;a\nab\r\n0\r\n\r\n', faults.bareLineFeed],
    ['2;a="b"\nab\r\n0\r\n\r\n', faults.bareLineFeed],
    ['2\r\nab\n0\r\n\r\n', faults.chunkEnd],
    ['2\r\nab\r\n0\n\r\n', faults.bareLineFeed],
    ['2\r\nab\r\n0\r\n\n', faults.bareLineFeed],
    ['2\r\nab\r\n0\r\nA: b\n\r\n', faults.bareLineFeed],
    ['2\nab\n0\nA: b\n\n', faults.bareLineFeed],
  ])('is refused in %j unless lines may end in it', (text, fault) => {
    for (const pieces of [[text], byteByByte(text)]) {
      expect(readBody(pieces).fault).toBe(fault.message);
      expect(readBody(pieces, { bareLineFeeds: true })).toMatchObject({ data: 'ab', isWhole: true, fault: undefined });
    }
  });

  it('is refused within an extension in any case', () => {
    for (const text of ['2;a="\n"\r\nab', '2;\nab', '2;a=\nab', '2\r\rab', '2\rab'])
      expect(readBody([text], { bareLineFeeds: true }).fault, text).toBeDefined();
  });
});

describe('trailers', () => {
  it('are fields, in their order and spelling', () => {
    const text = '0\r\nX-A: b\r\nx-a:\tc \r\nB:\r\n\r\n';
    const trailers = ['X-A', 'b', 'x-a', 'c', 'B', ''];
    expect(readBody([`${text}GET`])).toMatchObject({ trailers, rest: 'GET', isWhole: true });
    expect(readBody(byteByByte(text))).toMatchObject({ trailers, isWhole: true });
  });

  it('frame no message', () => {
    for (const name of ['Content-Length', 'content-length', 'TRANSFER-ENCODING'])
      expect(readBody([`0\r\nA: b\r\n${name}: 5\r\n\r\n`]).fault).toBe(faults.framedTrailer.message);
    expect(readBody(['0\r\nContent-Lengths: 5\r\n\r\n'])).toMatchObject({ isWhole: true });
  });

  it('may have as many bytes as a head, and no more', () => {
    const lines = (length: number): string => `A: ${'b'.repeat(length - 7)}\r\n\r\n`;
    for (const split of [(text: string): string[] => [text], byteByByte]) {
      expect(readBody(split(`0\r\n${lines(100)}`))).toMatchObject({ isWhole: true });
      expect(readBody(split(`0\r\n${lines(101)}`)).fault).toBe(faults.trailersTooLarge.message);
    }
    expect(readBody([`0\r\n${'a'.repeat(101)}`]).fault).toBe(faults.trailersTooLarge.message);
  });
});

describe('the data of one read', () => {
  it('lie where they came when they are of one chunk', () => {
    const reader = new ChunkedReader({ maxHead: 100 });
    const chunk = Buffer.from(`5\r\nhello\r\n${end}`);
    reader.read(chunk, 0);
    expect([reader.from, reader.to]).toEqual([3, 8]);
  });

  it('lie together when they are of many chunks', () => {
    const reader = new ChunkedReader({ maxHead: 100 });
    const chunk = Buffer.from(`${'1\r\na\r\n3;x=y\r\nbcd\r\n'.repeat(1000)}2\r\nef`);
    expect(reader.read(chunk, 0)).toBe(chunk.length);
    expect(chunk.toString('latin1', reader.from, reader.to)).toBe(`${'abcd'.repeat(1000)}ef`);
  });

  it('are none when only lines have come', () => {
    const reader = new ChunkedReader({ maxHead: 100 });
    reader.read(Buffer.from('0005;a=b'), 0);
    expect(reader.to - reader.from).toBe(0);
  });

  it('leave a large piece to a read of its own, which does not copy it', () => {
    const reader = new ChunkedReader({ maxHead: 100 });
    const large = 'x'.repeat(8192);
    const chunk = Buffer.from(`1\r\na\r\n2000\r\n${large}\r\n1\r\nb\r\n2000\r\n${large}`);
    const places: (readonly [from: number, to: number])[] = [];
    for (let at = 0; at < chunk.length;) {
      at = reader.read(chunk, at);
      places.push([reader.from, reader.to]);
    }
    expect(places.map(([from, to]) => to - from)).toEqual([1, 8193, 8192]);
    expect(places[1]![0]).toBe(12);
    expect(places[2]![0]).toBe(chunk.length - 8192);
  });
});
