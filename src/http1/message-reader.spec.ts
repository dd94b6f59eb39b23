import { describe, expect, it } from 'vitest';
import { byteByByte, readRequests, readResponses } from '../../test/support/http1-transcript.js';
import type { RawHeaders } from '../fields/raw-headers.js';
import { faults } from './fault.js';
import type { MessageReader, MessageReceiver } from './message-reader.js';
import { RequestReader } from './request-reader.js';
import { ResponseReader } from './response-reader.js';

const ignoring: MessageReceiver = { headRead: () => {}, bodyRead: () => {}, messageRead: () => {} };

function reading<R extends MessageReader>(reader: R, receiver: Partial<MessageReceiver> = {}): R {
  reader.serve({ ...ignoring, ...receiver });
  return reader;
}

const requests = (receiver?: Partial<MessageReceiver>): RequestReader =>
  reading(new RequestReader({ maxHead: 1024 }), receiver);
const responses = (receiver?: Partial<MessageReceiver>): ResponseReader =>
  reading(new ResponseReader({ maxHead: 1024 }), receiver);

const request = (fields: string, body = '', version = 'HTTP/1.1'): Buffer =>
  Buffer.from(`POST /a ${version}\r\n${fields}\r\n${body}`, 'latin1');
const response = (fields: string, body = '', version = 'HTTP/1.1'): Buffer =>
  Buffer.from(`${version} 200 OK\r\n${fields}\r\n${body}`, 'latin1');

describe('a connection', () => {
  it.each([
    [true, 'HTTP/1.1', ''],
    [true, 'HTTP/1.1', 'Connection: keep-alive\r\n'],
    [true, 'HTTP/1.1', 'Connection: closed, xclose, close x\r\n'],
    [true, 'HTTP/1.1', 'Proxy-Connection: close\r\n'],
    [false, 'HTTP/1.1', 'Connection: close\r\n'],
    [false, 'HTTP/1.1', 'connection:\tCLOSE\r\n'],
    [false, 'HTTP/1.1', 'Connection: keep-alive, Close\r\n'],
    [false, 'HTTP/1.1', 'Connection: x , close ,y\r\n'],
    [false, 'HTTP/1.1', 'Connection: close\r\nConnection: keep-alive\r\n'],
    [false, 'HTTP/1.1', 'Connection: keep-alive\r\nConnection: close\r\n'],
    [false, 'HTTP/1.0', ''],
    [false, 'HTTP/1.0', 'Connection: x\r\n'],
    [false, 'HTTP/1.0', 'Connection: keep-alive-not\r\n'],
    [false, 'HTTP/1.0', 'Connection: x, keep-alive\xa0\r\n'],
    [false, 'HTTP/1.0', 'Connection: x,\xa0keep-alive\r\n'],
    [true, 'HTTP/1.0', 'Connection: x\t,\t keep-alive \t, y\r\n'],
    [false, 'HTTP/1.0', 'Connection: keep-alive, close\r\n'],
    [true, 'HTTP/1.0', 'Connection: Keep-Alive\r\n'],
    [true, 'HTTP/1.0', 'Connection: x\r\nConnection: y, keep-alive\r\n'],
  ])('goes on behind a message: %s for %s with %j', (isPersistent, version, fields) => {
    const reader = requests();
    reader.read(request(fields, '', version));
    expect(reader).toMatchObject({ isPersistent, fault: undefined });
    const other = responses();
    other.read(response(`Content-Length: 0\r\n${fields}`, '', version));
    expect(other).toMatchObject({ isPersistent, fault: undefined });
  });

  it('does not go on behind a body that lasts until its end, nor where that is not known', () => {
    const reader = responses();
    reader.read(response('Connection: keep-alive\r\n'));
    expect(reader).toMatchObject({ framing: 'until-close', isPersistent: false });
    const other = requests();
    other.read(request('Transfer-Encoding: gzip, chunked\r\n'));
    expect(other).toMatchObject({ framing: 'unknown', isPersistent: false });
  });

  it('does not go on behind a chunked response of HTTP/1.0, which has no chunks', () => {
    const reader = responses();
    const fields = 'Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n';
    reader.read(response(fields, '2\r\nab\r\n0\r\n\r\n', 'HTTP/1.0'));
    expect(reader).toMatchObject({ isPersistent: false, fault: undefined });
  });

  it('is idle before and between messages, and not within one', () => {
    const reader = requests();
    expect(reader.isIdle).toBe(true);
    const bytes = request('Content-Length: 2\r\n', 'ab');
    for (let at = 0; at < bytes.length; at++) {
      reader.read(bytes.subarray(at, at + 1));
      expect(reader.isIdle, `behind ${at + 1} bytes`).toBe(at + 1 === bytes.length);
    }
    reader.read(Buffer.from('\r\n'));
    expect(reader.isIdle).toBe(true);
  });
});

describe('a message leaves nothing behind for the next', () => {
  const plain = { framing: 'none', length: -1, codings: undefined, saysClose: false, saysKeepAlive: false };

  it.each([
    ['Content-Length: 2\r\nConnection: close\r\n', 'ab'],
    ['Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n', '2;a="b"\r\nab\r\n0\r\nX: y\r\n\r\n'],
  ])('that has %j', (fields, body) => {
    const reader = requests();
    reader.read(request(fields, body));
    reader.read(Buffer.from('GET /b HTTP/1.0\r\nHost: x\r\n\r\n'));
    expect(reader).toMatchObject({ ...plain, minor: 0, method: 'GET', target: '/b', fields: ['Host', 'x'] });
    reader.read(Buffer.from('GET /c HTTP/1.1\r\n\r\n'));
    expect(reader).toMatchObject({ ...plain, minor: 1, target: '/c', fields: [], fault: undefined });
  });

  it('by its length, its chunks or its trailers', () => {
    const chunked = 'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: y\r\n\r\n';
    const bare = 'POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n';
    const sized = 'POST /c HTTP/1.1\r\nContent-Length: 3\r\n\r\ndef';
    const text = chunked + bare + sized + bare + chunked + sized;
    for (const pieces of [[text], byteByByte(text)]) {
      const { messages, fault } = readRequests(pieces);
      expect(fault).toBeUndefined();
      expect(messages.map(({ body }) => body)).toEqual(['ab', 'c', 'def', 'c', 'ab', 'def']);
      expect(messages.map(({ trailers }) => trailers)).toEqual([['X', 'y'], [], [], [], ['X', 'y'], []]);
    }
  });

  it('in its list of fields, which is a new one', () => {
    const lists: RawHeaders[] = [];
    const reader = requests({ headRead: () => lists.push(reader.fields) });
    reader.read(request('A: b\r\n'));
    reader.read(request('C: d\r\n'));
    expect(lists).toEqual([
      ['A', 'b'],
      ['C', 'd'],
    ]);
  });

  it('in the limit of its head', () => {
    const large = `GET /a HTTP/1.1\r\nA: ${'b'.repeat(900)}\r\n\r\n`;
    for (const pieces of [[large.repeat(5)], byteByByte(large.repeat(5))])
      expect(readRequests(pieces)).toMatchObject({ messages: { length: 5 }, fault: undefined });
  });

  it('where the first one is answered without a body', () => {
    const reader = responses();
    reader.isBodiless = true;
    reader.read(response('Content-Length: 5\r\n'));
    reader.isBodiless = false;
    const bodies: string[] = [];
    reader.serve({ ...ignoring, bodyRead: piece => bodies.push(piece.toString()) });
    reader.read(response('Content-Length: 5\r\n', 'hello'));
    expect(bodies).toEqual(['hello']);
  });
});

describe('a piece of a body', () => {
  /** The places of the pieces within a chunk that is read at once; undefined for one that is copied. */
  function placesIn(reader: MessageReader, chunk: Buffer): (readonly [from: number, to: number] | undefined)[] {
    const places: (readonly [from: number, to: number] | undefined)[] = [];
    reader.serve({
      ...ignoring,
      bodyRead: piece => {
        const from = piece.byteOffset - chunk.byteOffset;
        places.push(piece.buffer === chunk.buffer ? [from, from + piece.length] : undefined);
      },
    });
    reader.read(chunk);
    return places;
  }

  it('is not copied, by length, by chunks or until the connection ends', () => {
    const sized = request('Content-Length: 5\r\n', 'hello');
    expect(placesIn(requests(), sized)).toEqual([[sized.length - 5, sized.length]]);
    const lasting = response('', 'hello');
    expect(placesIn(responses(), lasting)).toEqual([[lasting.length - 5, lasting.length]]);
    const chunked = request('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n');
    expect(placesIn(requests(), chunked)).toEqual([[chunked.length - 12, chunked.length - 7]]);
  });

  it('is the buffer itself where all of that is of the body', () => {
    for (const reader of [requests(), responses()]) {
      const seen: Buffer[] = [];
      reader.serve({ ...ignoring, bodyRead: piece => seen.push(piece) });
      reader.read(reader instanceof RequestReader ? request('Content-Length: 10\r\n') : response(''));
      const chunk = Buffer.from('hello');
      reader.read(chunk);
      expect(seen[0]).toBe(chunk);
    }
  });

  it('is one for each read of a body in chunks of one byte', () => {
    const pieces: string[] = [];
    const reader = requests({ bodyRead: piece => pieces.push(piece.toString()) });
    reader.read(request('Transfer-Encoding: chunked\r\n'));
    for (const text of ['1\r\na\r\n1\r\nb\r\n1\r\nc', '\r\n1\r\nd\r\n1;x=y\r\ne\r\n0', '\r\n\r\n'])
      reader.read(Buffer.from(text));
    expect(pieces).toEqual(['abc', 'de']);
    expect(reader.isIdle).toBe(true);
  });

  it('is never empty', () => {
    const reader = requests({ bodyRead: piece => expect(piece.length).toBeGreaterThan(0) });
    reader.read(request('Content-Length: 2\r\n'));
    reader.read(Buffer.alloc(0));
    reader.read(Buffer.from('ab'));
    reader.read(request('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'));
    expect(reader).toMatchObject({ isIdle: true, fault: undefined });
  });
});

describe('several messages in one buffer', () => {
  it('are read one at a time, so that the next may wait', () => {
    const [first, second] = [
      request('Content-Length: 2\r\n', 'ab'),
      request('Transfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ];
    const third = request('');
    const chunk = Buffer.concat([first, second, third]);
    const reader = requests();
    const ends = [reader.read(chunk)];
    ends.push(reader.read(chunk, ends[0]), reader.read(chunk, first.length + second.length));
    expect(ends).toEqual([first.length, first.length + second.length, chunk.length]);
    expect(reader.read(chunk, chunk.length)).toBe(chunk.length);
  });

  it('are not read further once one has a fault', () => {
    const chunk = Buffer.concat([request('A b\r\n'), request('')]);
    const heads: string[] = [];
    const reader = requests({ headRead: () => heads.push('head') });
    reader.read(chunk);
    reader.read(request(''));
    expect({ heads, fault: reader.fault }).toEqual({ heads: [], fault: faults.noColon });
  });
});

describe('a reader that is stopped', () => {
  type Event = keyof MessageReceiver;
  const chunkedBody = '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n';
  const bodies: readonly (readonly [what: string, bytes: Buffer, reader: () => MessageReader])[] = [
    ['a body of a length', request('Content-Length: 5\r\n', 'hello'), requests],
    ['a chunked body', request('Transfer-Encoding: chunked\r\n', chunkedBody), requests],
    ['a chunked body with a fault', request('Transfer-Encoding: chunked\r\n', '2\r\nabc'), requests],
    ['a body that lasts until the end', response('', 'hello'), responses],
    ['no body', request(''), requests],
    ['a response without a body', response('Content-Length: 0\r\n'), responses],
  ];

  /** What is heard of a connection that carries these bytes twice, in pieces; the reader is stopped at `last`. */
  function heardOf(bytes: Buffer, reader: MessageReader, step: number, last?: Event): Event[] {
    const heard: Event[] = [];
    const hear = (event: Event): void => {
      heard.push(event);
      if (event === last) reader.stop();
    };
    reader.serve({
      headRead: () => hear('headRead'),
      bodyRead: () => hear('bodyRead'),
      messageRead: () => hear('messageRead'),
    });
    const all = Buffer.concat([bytes, bytes]);
    for (let at = 0; at < all.length; at += step) {
      const chunk = Buffer.from(all.subarray(at, at + step));
      for (let before = -1, read = 0; read !== before; [before, read] = [read, reader.read(chunk, read)]);
    }
    reader.end();
    return heard;
  }

  describe.each(bodies)('within a message with %s', (_what, bytes, reader) => {
    it.each<Event>(['headRead', 'bodyRead', 'messageRead'])('at %s tells nothing more, and has no fault', event => {
      for (const step of [1, 7, 10_000]) {
        const all = heardOf(bytes, reader(), step);
        if (!all.includes(event)) continue;
        const stopped = reader();
        expect(heardOf(bytes, stopped, step, event)).toEqual(all.slice(0, all.indexOf(event) + 1));
        expect(stopped.fault).toBeUndefined();
      }
    });
  });

  it('at the head leaves what stands behind it', () => {
    const reader = requests({ headRead: () => reader.stop() });
    const bytes = request('Upgrade: x\r\n', '\0\r\n');
    expect(reader.read(bytes)).toBe(bytes.length - 3);
    expect(reader.read(bytes, bytes.length - 3)).toBe(bytes.length - 3);
  });
});

describe('the end of a connection', () => {
  it('is heard once', () => {
    let ended = 0;
    const reader = responses({ messageRead: () => ended++ });
    reader.read(response('', 'hello'));
    reader.end();
    reader.end();
    expect({ ended, fault: reader.fault }).toEqual({ ended: 1, fault: undefined });
  });

  it('is no fault before and between messages', () => {
    expect(readRequests([]).fault).toBeUndefined();
    expect(readResponses([response('Content-Length: 0\r\n').toString()]).fault).toBeUndefined();
  });

  it('leaves the fault that there was', () => {
    expect(readRequests(['A b\r\n', 'more']).fault).toBe(faults.startLine);
  });
});
