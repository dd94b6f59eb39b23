import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamObserver } from './event-stream-observer.js';

interface Seen {
  readonly events: number;
  readonly lastId: string | undefined;
  readonly retry: number | undefined;
  readonly atBoundary: boolean;
  /** Offset behind the last boundary, in the whole; -1: none. */
  readonly boundary: number;
}

/** What an observer sees of these pieces. */
function observed(pieces: readonly Buffer[]): Seen {
  const observer = new EventStreamObserver(true);
  let offset = 0;
  let boundary = -1;
  for (const piece of pieces) {
    const found = observer.observe(piece);
    if (found >= 0) boundary = offset + found;
    offset += piece.length;
  }
  const { events, lastId, retry, atBoundary } = observer;
  return { events, lastId, retry, atBoundary, boundary };
}

/** The same by the text of the standard, with the whole stream at hand: WHATWG HTML §9.2.6. */
function modelled(bytes: Buffer): Seen {
  const whole = bytes.toString('latin1');
  const start = whole.startsWith('\xef\xbb\xbf') ? 3 : 0;
  const text = whole.slice(start);
  let [events, data, buffer, boundary] = [0, false, undefined as string | undefined, -1];
  let [lastId, retry] = [undefined as string | undefined, undefined as number | undefined];
  let open = false;
  let end = 0;
  for (const { 0: all, 1: line, index } of text.matchAll(/([^\r\n]*)(?:\r\n|\r|\n)/g)) {
    end = index + all.length;
    if (line === '') {
      if (data) events++;
      lastId = buffer;
      [data, open] = [false, false];
    } else if (!line!.startsWith(':')) {
      open = true;
      const [, name, value = ''] = /^([^:]*)(?::\x20?([^]*))?$/.exec(line!)!;
      if (name === 'data') data = true;
      else if (name === 'id' && !value.includes('\0')) buffer = value;
      else if (name === 'retry' && /^[0-9]+$/.test(value)) retry = Math.min(Number(value), 2 ** 31);
    }
    if (!open) boundary = start + end;
  }
  const rest = text.slice(end);
  const partOfMark = start === 0 && end === 0 && whole.length > 0 && '\xef\xbb\xbf'.startsWith(whole);
  return { events, lastId, retry, atBoundary: rest === '' && !open && !partOfMark, boundary };
}

const token = fc.constantFrom(
  '\n', '\r', '\r\n', '\n\n', '\r\r', '\r\n\r\n', 'data', 'data:', 'data: x', 'id', 'id:', 'id: 7', 'id:8\0', 'id: größe', 'retry:', 'retry: 30',
  'retry:3x', 'retry: 99999999999999', 'event: tick', ':', ': comment', ' ', 'x', '\u{feff}', 'dat', 'datax:', '\0', ': id: 5', 'i', 'unknown: field',
); // prettier-ignore
const streams = fc
  .tuple(fc.boolean(), fc.array(fc.oneof({ weight: 9, arbitrary: token }, { weight: 1, arbitrary: fc.string() })))
  .map(([mark, tokens]) => Buffer.from((mark ? '\u{feff}' : '') + tokens.join('')));

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...cuts.map(cut => cut % (bytes.length + 1)), 0, bytes.length].sort((one, other) => one - other);
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

describe('the observer of an event stream', () => {
  it('sees what the standard says, in any pieces of the stream', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(200)), (bytes, cuts) => {
        const expected = modelled(bytes);
        expect(observed(split(bytes, cuts))).toEqual(expected);
        expect(observed([...bytes].map(byte => Buffer.from([byte])))).toEqual(expected);
      }),
      { numRuns: 1500 },
    );
  });

  it('sees the same in any pieces of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200)), (array, cuts) => {
        const bytes = Buffer.from(array);
        expect(observed(split(bytes, cuts))).toEqual(modelled(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  const seen = (text: string): Seen => observed([Buffer.from(text)]);

  it.each([
    ['data: a\n\n', 1],
    ['data\n\n', 1],
    ['data:\r\rdata\r\n\r\n', 2],
    ['\u{feff}data: a\n\n', 1],
    ['event: tick\n\n', 0],
    [': data: a\n\n', 0],
    ['data: a\ndata: b\n\n', 1],
    ['data: a\n', 0],
    ['datum: a\n\n Data: a\n\n', 0],
  ])('counts the events of %j: %i', (text, events) => expect(seen(text).events).toBe(events));

  it('takes an id over when its event is complete, also when that has no data', () => {
    expect(seen('id: 1\ndata: a\n\nid: 2\ndata: b\n').lastId).toBe('1');
    expect(seen('id: 1\n\n').lastId).toBe('1');
    expect(seen('data: a\n\n').lastId).toBeUndefined();
    expect(seen('id: 1\n\nid\n\n').lastId).toBe('');
    expect(seen('id: 1\n\nid: 2\0\n\n').lastId).toBe('1');
    expect(seen('id: ü\n\n').lastId).toBe('Ã¼');
  });

  it('keeps ids of up to 16 KiB, and says so when it has lost one', () => {
    const observer = new EventStreamObserver(true);
    const long = 'x'.repeat(16 * 1024);
    observer.observe(Buffer.from(`id: ${long}\n\n`));
    expect([observer.lastId, observer.idLost]).toEqual([long, false]);
    observer.observe(Buffer.from(`id: ${long}y\n\n`));
    expect(observer.idLost).toBe(true);
    observer.observe(Buffer.from('id: 1\n\n'));
    expect([observer.lastId, observer.idLost]).toEqual(['1', false]);
  });

  it('finds no boundary inside an event, nor inside a comment', () => {
    for (const text of ['data: a', 'data: a\n', 'id: 1\n', ': comm', 'unknown\n', '\xef\xbb']) {
      expect(observed([Buffer.from(text, 'latin1')]).atBoundary, text).toBe(false);
    }
    for (const text of ['', ': comment\n', 'data: a\n\n', 'data: a\r\r', '\u{feff}', '\n']) {
      expect(seen(text).atBoundary, text).toBe(true);
    }
  });

  it('forgets a half event when it begins anew, and nothing else', () => {
    const observer = new EventStreamObserver(true);
    observer.observe(Buffer.from('retry: 5\nid: 1\ndata: a\n\nid: 2\ndata: b\n'));
    observer.restart();
    expect(observer.atBoundary).toBe(true);
    observer.observe(Buffer.from('\u{feff}\n'));
    expect([observer.events, observer.lastId, observer.retry]).toEqual([1, '1', 5]);
  });
});
