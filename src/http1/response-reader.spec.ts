import { describe, expect, it } from 'vitest';
import { byteByByte, readResponses, type Transcript } from '../../test/support/http1-transcript.js';
import { faults } from './fault.js';
import { ResponseReader } from './response-reader.js';

const ok = (fields: string, rest = ''): string => `HTTP/1.1 200 OK\r\n${fields}\r\n${rest}`;
const hello = ok('Content-Length: 5\r\n', 'hello');
const chunked = ok('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\nX-T: v\r\n\r\n');

/** Reads a connection whole, and expects the same of it byte by byte. */
function readText(text: string, isBodiless = false): Transcript {
  const whole = readResponses([text], { isBodiless });
  expect(readResponses(byteByByte(text), { isBodiless })).toEqual(whole);
  return whole;
}

describe('a status line', () => {
  it.each([
    ['HTTP/1.1 200 OK', '200 OK 1'],
    ['HTTP/1.0 200 OK', '200 OK 0'],
    ['HTTP/1.1 404', '404  1'],
    ['HTTP/1.1 404 ', '404  1'],
    ['HTTP/1.1 999   two words ', '999   two words  1'],
    ['HTTP/1.1 200 \t\xe9\xff', '200 \t\xe9\xff 1'],
  ])('%j has a version, a status and a reason', (line, start) => {
    expect(readText(`${line}\r\nContent-Length: 0\r\n\r\n`)).toMatchObject({ messages: [{ start }], fault: undefined });
  });

  it('is not found in an empty line: the response before it does not come again', () => {
    expect(readText(`${ok('Content-Length: 0\r\n')}\r\n`)).toEqual({
      messages: [{ start: '200 OK 1', fields: ['Content-Length', '0'], body: '', trailers: [] }],
      fault: faults.statusLine,
      isStopped: false,
      rest: '',
    });
    expect(readText('\r\n')).toEqual({ messages: [], fault: faults.statusLine, isStopped: false, rest: '' });
    expect(readResponses(['\n'], { bareLineFeeds: true })).toMatchObject({ messages: [], fault: faults.statusLine });
  });
});

describe('a body', () => {
  it.each([
    ['its length', hello, []],
    ['chunks', chunked, ['X-T', 'v']],
    ['the end of the connection', ok('', 'hello'), []],
    ['the end of the connection, in HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', []],
    ['the end of the connection, in spite of keep-alive', ok('Connection: keep-alive\r\n', 'hello'), []],
  ])('ends with %s', (_what, text, trailers) => {
    expect(readText(text)).toMatchObject({ messages: [{ body: 'hello', trailers }], fault: undefined });
  });

  it('that lasts until the end of the connection holds all that comes', () => {
    const text = ok('') + hello + hello;
    expect(readText(text).messages).toMatchObject([{ body: hello + hello, trailers: [] }]);
    expect(readResponses([text], { ends: false }).messages).toMatchObject([{ trailers: undefined }]);
  });

  it('of no bytes lasts until the end of the connection as well', () => {
    expect(readResponses([ok('')], { ends: false }).messages).toMatchObject([{ trailers: undefined }]);
    expect(readText(ok('')).messages).toMatchObject([{ body: '', trailers: [] }]);
  });

  it('ends at once where its length is 0', () => {
    expect(readText(ok('Content-Length: 0\r\n') + hello).messages).toMatchObject([
      { body: '', trailers: [] },
      { body: 'hello', trailers: [] },
    ]);
  });

  it.each(['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', ''])(
    'does not follow the answer to HEAD, 204 and 304, which say %j',
    fields => {
      for (const [text, isBodiless] of [
        [ok(fields), true],
        [`HTTP/1.1 204 No Content\r\n${fields}\r\n`, false],
        [`HTTP/1.1 304 Not Modified\r\n${fields}\r\n`, false],
      ] as const)
        expect(readText(text + text, isBodiless)).toMatchObject({
          messages: [
            { body: '', trailers: [] },
            { body: '', trailers: [] },
          ],
          fault: undefined,
        });
    },
  );
});

describe('an interim response', () => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n';

  it('is followed by others and by the final one, and ends no message', () => {
    const { messages, fault } = readText(interim + hints + hello + hello);
    expect(fault).toBeUndefined();
    expect(messages).toMatchObject([
      { start: '100 Continue 1', fields: [], trailers: undefined },
      { start: '103 Early Hints 1', fields: ['Link', '</a>', 'Content-Length', '5'], body: '', trailers: undefined },
      { start: '200 OK 1', body: 'hello', trailers: [] },
      { start: '200 OK 1', body: 'hello', trailers: [] },
    ]);
  });

  it('has no body, also where its fields announce one', () => {
    for (const status of [100, 102, 103, 199]) {
      for (const fields of ['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n'])
        expect(readText(`HTTP/1.1 ${status} X\r\n${fields}\r\n${hello}`).messages).toHaveLength(2);
    }
  });

  it('is read in the same call as the final one', () => {
    const reader = new ResponseReader({ maxHead: 1024 });
    const seen: number[] = [];
    reader.serve({ headRead: () => seen.push(reader.status), bodyRead: () => {}, messageRead: () => {} });
    expect(reader.read(Buffer.from(interim + hints + hello + hello))).toBe((interim + hints + hello).length);
    expect(seen).toEqual([100, 103, 200]);
  });

  it('has a limit of its own for its head', () => {
    const large = `HTTP/1.1 103 X\r\nA: ${'b'.repeat(900)}\r\n\r\n`;
    expect(readText(large.repeat(5) + hello)).toMatchObject({ fault: undefined });
  });

  it('leaves the connection idle when nothing follows', () => {
    expect(readText(interim)).toMatchObject({ fault: undefined });
    expect(readText(`${interim}H`).fault).toBe(faults.truncated);
  });

  it('is not 101: what follows that is of another protocol', () => {
    const text = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\n';
    expect(readResponses([text]).messages).toMatchObject([
      { start: '101 Switching Protocols 1', body: '', trailers: [] },
    ]);
    const reader = new ResponseReader({ maxHead: 1024 });
    const seen: string[] = [];
    reader.serve({
      headRead: () => {
        seen.push(`${reader.status} ${reader.isInterim}`);
        reader.stop();
      },
      bodyRead: () => seen.push('body'),
      messageRead: () => seen.push('end'),
    });
    expect(reader.read(Buffer.from(`${text}\0\0`))).toBe(text.length);
    reader.end();
    expect(seen).toEqual(['101 false']);
    expect(reader.fault).toBeUndefined();
  });
});

describe('what is passed over where that is set', () => {
  it('is LF alone at the end of lines, within chunks and trailers as well', () => {
    const bytes = 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\nX-T: v\n\n';
    expect(readResponses([bytes]).fault).toBe(faults.bareLineFeed);
    for (const pieces of [[bytes + hello], byteByByte(bytes + hello)])
      expect(readResponses(pieces, { bareLineFeeds: true })).toMatchObject({
        messages: [{ body: 'hello', trailers: ['X-T', 'v'] }, { body: 'hello' }],
        fault: undefined,
      });
  });

  it('is white space behind a chunk size', () => {
    const bytes = chunked.replace('5\r\n', '5 \t \r\n').replace('0\r\n', '0 ;a=b\r\n');
    expect(readText(bytes).fault).toBe(faults.chunkSize);
    for (const pieces of [[bytes], byteByByte(bytes)])
      expect(readResponses(pieces, { chunkSpaces: true })).toMatchObject({
        messages: [{ body: 'hello' }],
        fault: undefined,
      });
  });

  it('is a length that stands twice', () => {
    const bytes = ok('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello');
    expect(readText(bytes).fault).toBe(faults.repeatedLength);
    expect(readResponses([bytes + hello], { repeatedLengths: true })).toMatchObject({
      messages: [{ body: 'hello' }, { body: 'hello' }],
      fault: undefined,
    });
  });
});
