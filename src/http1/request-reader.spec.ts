import { describe, expect, it } from 'vitest';
import { byteByByte, type ReadMessage, readRequests } from '../../test/support/http1-transcript.js';
import { faults } from './fault.js';
import type { Framing } from './message-reader.js';
import { RequestReader } from './request-reader.js';

const get = (fields: string): string => `GET /a HTTP/1.1\r\n${fields}\r\n`;
const head = get('Host: x\r\nX-Two:  b c \t\r\n');
const post = 'POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello';
const chunked =
  'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;a="b;c"\r\nde\r\n0\r\nX-T: v\r\n\r\n';

const messages: readonly (readonly [string, ReadMessage])[] = [
  [head, { start: 'GET /a 1', fields: ['Host', 'x', 'X-Two', 'b c'], body: '', trailers: [] }],
  [post, { start: 'POST /a 1', fields: ['Content-Length', '5'], body: 'hello', trailers: [] }],
  [chunked, { start: 'POST /a 1', fields: ['Transfer-Encoding', 'chunked'], body: 'abcde', trailers: ['X-T', 'v'] }],
];

describe.each(messages)('%j', (text, seen) => {
  const once = { messages: [seen], fault: undefined, isStopped: false, rest: '' };

  it('is read whole', () => {
    expect(readRequests([text])).toEqual(once);
  });

  it('is read byte by byte', () => {
    expect(readRequests(byteByByte(text))).toEqual(once);
  });

  it('is read however it is cut in two', () => {
    for (let at = 1; at < text.length; at++) expect(readRequests([text.slice(0, at), text.slice(at)])).toEqual(once);
  });

  it('is read three times in one piece', () => {
    expect(readRequests([text + text + text])).toEqual({ ...once, messages: [seen, seen, seen] });
  });
});

describe('a request line', () => {
  it.each([
    ['GET / HTTP/1.0', 'GET / 0'],
    ['GET  /a   HTTP/1.1', 'GET /a 1'],
    ['get /a HTTP/1.1', 'get /a 1'],
    ["!#$%&'*+-.^_`|~aZ9 /a HTTP/1.1", "!#$%&'*+-.^_`|~aZ9 /a 1"],
    ['OPTIONS * HTTP/1.1', 'OPTIONS * 1'],
    ['CONNECT shop.example:443 HTTP/1.1', 'CONNECT shop.example:443 1'],
    ['GET http://shop.example/a?b=c#d HTTP/1.1', 'GET http://shop.example/a?b=c#d 1'],
    ['GET HTTP/1.1 HTTP/1.1', 'GET HTTP/1.1 1'],
    ['GET /%0d%0a"<>[\\]^`{|} HTTP/1.1', 'GET /%0d%0a"<>[\\]^`{|} 1'],
  ])('%j has a method, a target and a version', (line, start) => {
    expect(readRequests([`${line}\r\n\r\n`])).toMatchObject({ messages: [{ start }], fault: undefined });
  });

  it('is read behind line ends, however these are cut', () => {
    for (const ends of ['\r\n', '\n', '\r', '\r\n\r\n\n\r']) {
      const whole = readRequests([ends + head]);
      expect(whole).toMatchObject({ messages: [{ start: 'GET /a 1' }], fault: undefined });
      for (let at = 1; at < ends.length + head.length; at++) {
        const text = ends + head;
        expect(readRequests([text.slice(0, at), text.slice(at)])).toEqual(whole);
      }
    }
  });

  it('is read in the same call as line ends before it', () => {
    const reader = new RequestReader({ maxHead: 1024 });
    const seen: string[] = [];
    reader.serve({ headRead: () => seen.push(reader.target), bodyRead: () => {}, messageRead: () => {} });
    expect(reader.read(Buffer.from(`\r\n\r\n${head}${head}`))).toBe(4 + head.length);
    expect(seen).toEqual(['/a']);
  });

  it('may be as long as a head, and no longer', () => {
    const line = (length: number): string => `GET /${'a'.repeat(length - 16)} HTTP/1.1\r\n`;
    expect(readRequests([`${line(1022)}\r\n`]).fault).toBeUndefined();
    expect(readRequests([`${line(1023)}\r\n`]).fault).toBe(faults.headTooLarge);
    expect(readRequests([line(1026)]).fault).toBe(faults.targetTooLong);
    expect(readRequests(byteByByte(line(1026))).fault).toBe(faults.targetTooLong);
  });
});

describe('line ends alone', () => {
  it.each(['\r', '\r\n', '\n\n\r', '\r\n'.repeat(5000)])('are no request, and none is missing: %j', ends => {
    const nothing = { messages: [], fault: undefined, isStopped: false, rest: '' };
    expect(readRequests([ends])).toEqual(nothing);
    expect(readRequests(byteByByte(ends.slice(0, 10)))).toEqual(nothing);
    expect(readRequests([post + ends])).toEqual(readRequests([post]));
  });

  it('are not counted as bytes of the head behind them', () => {
    const full = get(`A: ${'b'.repeat(1024 - 24)}\r\n`);
    expect(full).toHaveLength(1024);
    for (const text of [full, `\r\n${full}`, `${'\r\n'.repeat(600)}${full}`])
      expect(readRequests([text])).toMatchObject({ messages: [{ start: 'GET /a 1' }], fault: undefined });
  });
});

describe('the body of a request', () => {
  /** A reader that has read a head. */
  function readHead(fields: string, version = 'HTTP/1.1'): RequestReader {
    const reader = new RequestReader({ maxHead: 1024, repeatedLengths: true });
    reader.serve({ headRead: () => {}, bodyRead: () => {}, messageRead: () => {} });
    reader.read(Buffer.from(`POST /a ${version}\r\n${fields}\r\n`, 'latin1'));
    return reader;
  }

  it.each<[framing: Framing, length: number, fields: string]>([
    ['none', -1, ''],
    ['none', 0, 'Content-Length: 0\r\n'],
    ['none', 0, 'Content-Length: 000\r\n'],
    ['length', 5, 'content-LENGTH:5\r\n'],
    ['length', 10, 'Content-Length: 010\r\n'],
    ['length', 5, `Content-Length: ${'0'.repeat(30)}5\r\n`],
    ['length', 5, 'Content-Length: 5\r\nContent-Length: 5\r\n'],
    ['length', 2 ** 63, 'Content-Length: 9223372036854775808\r\n'],
    ['chunked', -1, 'Transfer-Encoding: chunked\r\n'],
    ['chunked', -1, 'TRANSFER-encoding:  CHUNKED \r\n'],
    ['unknown', -1, 'Transfer-Encoding: gzip, chunked\r\n'],
    ['unknown', -1, 'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n'],
    ['unknown', -1, 'Transfer-Encoding: identity\r\n'],
    ['unknown', -1, 'Transfer-Encoding: xchunked\r\n'],
    ['unknown', -1, 'Transfer-Encoding: chunked;q=1\r\n'],
    ['unknown', -1, 'Transfer-Encoding: "chunked"\r\n'],
    ['unknown', -1, 'Transfer-Encoding: ,chunked\r\n'],
    ['unknown', -1, 'Transfer-Encoding: \xa0chunked\r\n'],
    ['unknown', -1, 'Transfer-Encoding: chun\xe2\x84\xaaed\r\n'],
    ['none', -1, 'Transfer_Encoding: chunked\r\nContent_Length: 5\r\nContent-Lengths: 5\r\n'],
  ])('is framed as %s with a length of %i by %j', (framing, length, fields) => {
    expect(readHead(fields)).toMatchObject({ framing, length, fault: undefined });
  });

  it('is not known in HTTP/1.0 where it has a transfer coding', () => {
    for (const fields of ['', 'Connection: keep-alive\r\n']) {
      const reader = readHead(`${fields}Transfer-Encoding: chunked\r\n`, 'HTTP/1.0');
      expect(reader).toMatchObject({ framing: 'unknown', fault: undefined, isPersistent: false });
    }
  });

  it('ends the reading where it is not known: nothing behind its head is a request', () => {
    const text = get('Transfer-Encoding: gzip, chunked\r\n');
    expect(readRequests([text + head])).toMatchObject({ messages: [{ trailers: undefined }], rest: head });
  });

  it('may have its length twice where that is passed over, and not two lengths', () => {
    const twice = get('Content-Length: 2\r\nContent-Length: 2\r\n');
    expect(readRequests([`${twice}ab${head}`], { repeatedLengths: true })).toMatchObject({
      messages: [{ body: 'ab' }, { start: 'GET /a 1', body: '' }],
      fault: undefined,
    });
    for (const other of ['3', '02', '2, 2']) {
      const text = get(`Content-Length: 2\r\nContent-Length: ${other}\r\n`);
      expect(readRequests([text], { repeatedLengths: true }).fault, other).toBe(faults.repeatedLength);
    }
  });
});
