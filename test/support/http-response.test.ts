import { describe, expect, it } from 'vitest';
import { type ConnectionState, readResponse } from './http-response.js';

function read(text: string, connection: ConnectionState = 'open', method = 'GET') {
  return readResponse(Buffer.from(text, 'latin1'), method, connection);
}

describe('reading a response', () => {
  it('waits while the head or the body is not whole', () => {
    const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
    for (let length = 0; length < whole.length; length += 1) expect(read(whole.slice(0, length))).toBeUndefined();
    expect(read(whole)?.response).toMatchObject({ status: 200, reason: 'OK', ending: 'content-length', text: 'hello' });
  });

  it('takes chunks apart and keeps trailers', () => {
    const whole =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\n';
    for (let length = 0; length < whole.length; length += 1) expect(read(whole.slice(0, length))).toBeUndefined();
    const { response } = read(whole) ?? {};
    expect(response).toMatchObject({
      text: 'hello!',
      ending: 'chunked',
      clean: true,
      chunkSizes: [5, 1],
      rawTrailers: ['X-Sum', '6'],
    });
  });

  it('keeps spelling, order and repetition of headers', () => {
    const { response } = read('HTTP/1.1 204 No Content\r\nSet-Cookie: a=1\r\nX-a:b\r\nset-cookie: b=2\r\n\r\n') ?? {};
    expect(response?.rawHeaders).toEqual(['Set-Cookie', 'a=1', 'X-a', 'b', 'set-cookie', 'b=2']);
    expect(response?.headerValues('SET-COOKIE')).toEqual(['a=1', 'b=2']);
    expect(response?.ending).toBe('no-body');
  });

  it('lists informational responses before the final one', () => {
    const { response } =
      read('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n') ?? {};
    expect(response).toMatchObject({ status: 200, informational: [{ status: 103, rawHeaders: ['Link', '</a>'] }] });
  });

  it('says which bytes belong to the next response', () => {
    const found = read('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404');
    expect(found?.used).toBe('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'.length);
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'end', 'truncated', 'hel'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'reset', 'reset', 'hel'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'timeout', 'timeout', 'hel'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'end', 'truncated', 'hello'],
    ['HTTP/1.1 200 OK\r\n\r\nhello', 'reset', 'reset', 'hello'],
    ['', 'end', 'truncated', ''],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 'open', 'malformed', ''],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 'open', 'malformed', ''],
    ['SSH-2.0\r\n', 'open', 'malformed', ''],
  ] as const)('sees that %j is broken when the connection is: %s', (text, connection, ending, body) => {
    expect(read(text, connection)?.response).toMatchObject({ ending, clean: false, text: body });
  });

  it('ends a body without length at the end of the connection only', () => {
    expect(read('HTTP/1.0 200 OK\r\n\r\nhello')).toBeUndefined();
    expect(read('HTTP/1.0 200 OK\r\n\r\nhello', 'end')?.response).toMatchObject({ ending: 'close', text: 'hello' });
  });

  it('expects no body after HEAD and none of its own after 101', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'open', 'HEAD')?.response.ending).toBe('no-body');
    expect(read('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes')?.response).toMatchObject({
      status: 101,
      ending: 'upgrade',
      text: '',
    });
  });
});
