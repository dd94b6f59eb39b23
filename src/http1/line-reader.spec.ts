import { describe, expect, it } from 'vitest';
import { heapUsed } from '../../test/support/heap.js';
import { byteByByte } from '../../test/support/http1-transcript.js';
import { type Fault, faults } from './fault.js';
import { LineReader, type LineRules } from './line-reader.js';

interface Reading {
  readonly lines: string[];
  readonly isWhole: boolean;
  /** Bytes of the lines, as the reader has counted them. */
  readonly bytes: number;
  /** Bytes of the last piece that were read. */
  readonly read: number;
  readonly fault: Fault | undefined;
}

const strict: LineRules = { most: 40, bareLineFeeds: false, skipsEmptyLines: false };

function readLines(pieces: readonly string[], rules: Partial<LineRules> = {}, fault?: Fault): Reading {
  const lines: string[] = [];
  const lineRead = (text: string, at: number, end: number): Fault | undefined => {
    lines.push(text.slice(at, end));
    return fault;
  };
  const reader = new LineReader({ ...strict, ...rules }, { lineRead });
  let read = 0;
  for (const piece of pieces) {
    if (reader.fault !== undefined) break;
    const chunk = Buffer.from(piece, 'latin1');
    for (read = 0; read < chunk.length && reader.fault === undefined && !reader.isWhole;)
      read = reader.read(chunk, read);
  }
  return { lines, isWhole: reader.isWhole, bytes: reader.bytes, read, fault: reader.fault };
}

describe('lines', () => {
  const text = 'one\r\n two \r\n\xe9\r\n\r\n';
  const lines = ['one', ' two ', '\xe9'];

  it('are taken without their ends, up to an empty one', () => {
    expect(readLines([`${text}rest`])).toMatchObject({ lines, isWhole: true, bytes: 17, read: 17, fault: undefined });
  });

  it('are the same byte by byte', () => {
    expect(readLines(byteByByte(text))).toMatchObject({ lines, isWhole: true, bytes: 17, read: 1 });
  });

  it('are the same wherever they are cut, with more behind them', () => {
    for (let at = 1; at < text.length; at++) {
      const [first, second] = [text.slice(0, at), `${text.slice(at)}rest\r\n\r\n`];
      const read = text.length - at;
      expect(readLines([first, second])).toEqual({ lines, isWhole: true, bytes: 17, read, fault: undefined });
    }
  });

  it('are taken as soon as each has come', () => {
    expect(readLines(['one\r\ntw'])).toMatchObject({ lines: ['one'], isWhole: false, bytes: 7 });
  });

  it('are not read further once one is refused', () => {
    expect(readLines(['one\r\ntwo\r\n\r\n'], {}, faults.name)).toMatchObject({
      lines: ['one'],
      isWhole: false,
      fault: faults.name,
    });
  });

  it('leave nothing for those that are read next', () => {
    const lines: string[] = [];
    const reader = new LineReader(strict, { lineRead: (text, at, end) => void lines.push(text.slice(at, end)) });
    for (const piece of ['one\r', 'two\r\n\r\n']) {
      reader.begin();
      reader.read(Buffer.from(piece), 0);
    }
    expect(lines).toEqual(['two']);
    expect(reader).toMatchObject({ isWhole: true, bytes: 7, lines: 2, fault: undefined });
  });
});

describe('an empty line before all others', () => {
  it('ends them', () => {
    expect(readLines(['\r\none\r\n\r\n'])).toMatchObject({ lines: [], isWhole: true, bytes: 2, read: 2 });
  });

  it.each(['\r\n', '\n', '\r', '\r\r', '\n\r\n\n', '\r\n'.repeat(40)])('is passed over and not counted: %j', ends => {
    const rules: Partial<LineRules> = { skipsEmptyLines: true };
    for (const pieces of [
      [`${ends}one\r\n\r\n`],
      [`${ends}o`, 'ne\r\n\r\n'],
      [ends, 'one\r\n\r\n'],
      [...ends, 'one\r\n\r\n'],
    ])
      expect(readLines(pieces, rules)).toMatchObject({ lines: ['one'], isWhole: true, bytes: 7, fault: undefined });
    expect(readLines([ends], rules)).toMatchObject({ isWhole: false, bytes: 0, fault: undefined });
  });
});

describe('the most bytes of all lines', () => {
  const full = `${'a'.repeat(36)}\r\n\r\n`;

  it('may come, with more behind them', () => {
    expect(readLines([`${full}${'b'.repeat(100)}\r\n\r\n`])).toMatchObject({ isWhole: true, bytes: 40, read: 40 });
    expect(readLines(byteByByte(full))).toMatchObject({ isWhole: true, bytes: 40 });
  });

  it.each([
    ['a line', `a${full}`],
    ['a line without an end', 'a'.repeat(10_000)],
    ['many lines', `${'a\r\n'.repeat(13)}\r\n`],
  ])('may not be exceeded by %s', (_what, text) => {
    for (const pieces of [[text], byteByByte(text)]) {
      const { fault, lines } = readLines(pieces);
      expect(fault).toBe(faults.headTooLarge);
      expect(lines.join('').length).toBeLessThanOrEqual(41);
    }
  });

  it('are counted no further than one too many', () => {
    expect(readLines(['a'.repeat(10_000)]).bytes).toBe(41);
  });
});

describe('LF alone', () => {
  it('is refused', () => {
    for (const text of ['one\ntwo\r\n\r\n', 'one\r\n\n', '\none\r\n\r\n'])
      expect(readLines([text]).fault, text).toBe(faults.bareLineFeed);
  });

  it('ends a line where it may', () => {
    for (const text of ['one\ntwo\n\nrest', 'one\r\ntwo\n\r\nrest', 'one\ntwo\r\n\nrest']) {
      const read = text.length - 4;
      const whole = readLines([text], { bareLineFeeds: true });
      expect(whole).toEqual({ lines: ['one', 'two'], isWhole: true, bytes: read, read, fault: undefined });
      expect(readLines(byteByByte(text.slice(0, read)), { bareLineFeeds: true })).toEqual({ ...whole, read: 1 });
    }
  });

  it('leaves CR without LF refused', () => {
    expect(readLines(['one\rtwo\n\n'], { bareLineFeeds: true }).fault).toBe(faults.bareCarriageReturn);
  });
});

describe('a character that no line can have', () => {
  it.each(['\0', '\x08', '\x0b', '\x0c', '\x0e', '\x1f', '\x7f'])(
    '%j is found before the line has ended',
    character => {
      for (const pieces of [[`on${character}e`], ['on', character], [`one\r\n${character}`]])
        expect(readLines(pieces).fault).toBe(faults.control);
    },
  );

  it('is not the tab, nor a byte beyond ASCII', () => {
    expect(readLines(['\t\x80\xff ']).fault).toBeUndefined();
  });

  it('is CR, once something other than LF follows', () => {
    for (const pieces of [['one\rt'], ['one\r', 't'], ['one\r', '\r'], ['one', '\r', '', 't']])
      expect(readLines(pieces.filter(piece => piece !== '')).fault, JSON.stringify(pieces)).toBe(
        faults.bareCarriageReturn,
      );
    expect(readLines(['one\r']).fault).toBeUndefined();
    expect(readLines(['one\r', '\ntwo']).fault).toBeUndefined();
    expect(readLines(['one\r', '\n', 'two']).fault).toBeUndefined();
  });

  it('is found behind lines that are whole, and hides none of them', () => {
    expect(readLines(['one\r\ntwo\r\n\0\r\n\r\n'])).toMatchObject({ lines: ['one', 'two'], fault: faults.control });
    expect(readLines(['one\ntwo\0\r\n'])).toMatchObject({ lines: [], fault: faults.bareLineFeed });
  });

  it('is not looked for behind the empty line', () => {
    expect(readLines(['one\r\n\r\n\0\r\0'])).toMatchObject({ lines: ['one'], isWhole: true, fault: undefined });
    expect(readLines(['one\r', '\n\r\n\0\r\0'])).toMatchObject({ lines: ['one'], isWhole: true, fault: undefined });
  });
});

it('a line that comes in pieces of one byte takes about as much memory as its bytes', () => {
  const pieces = byteByByte('a'.repeat(16_384)).map(byte => Buffer.from(byte));
  const before = heapUsed();
  const readers = Array.from({ length: 20 }, () => {
    const reader = new LineReader({ ...strict, most: 20_000 }, { lineRead: () => undefined });
    for (const piece of pieces) reader.read(piece, 0);
    return reader;
  });
  const each = (heapUsed() - before) / readers.length;
  expect(each).toBeLessThan(4 * 16_384);
});
