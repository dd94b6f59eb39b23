import { expect, it } from 'vitest';
import { byteByByte, readRequests, readResponses } from '../../test/support/http1-transcript.js';
import { faults } from './fault.js';

type Read = typeof readRequests;
type Row = readonly [read: Read, bytes: string];

const request = (bytes: string): Row => [readRequests, bytes];
const response = (bytes: string): Row => [readResponses, bytes];
const fields = (lines: string): Row[] => [
  request(`GET /a HTTP/1.1\r\n${lines}\r\n\r\n`),
  request(`GET /a HTTP/1.1\r\nHost: x\r\n${lines}\r\nA: b\r\n\r\n`),
  response(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`),
];
const body = (bytes: string): Row[] => [
  request(`POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${bytes}`),
  response(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${bytes}`),
];
const trailers = (lines: string): Row[] => body(`2\r\nab\r\n0\r\n${lines}\r\n\r\n`);

/** Messages with each fault. The longest head that is read has 1024 bytes. */
const messages: Readonly<Record<keyof typeof faults, readonly Row[]>> = {
  bareLineFeed: [
    request('GET /a HTTP/1.1\nHost: x\r\n\r\n'),
    response('HTTP/1.1 200 OK\nA: b\r\n\r\n'),
    ...fields('A: b\nB: c'),
    ...body('2\nab\r\n0\r\n\r\n'),
    ...body('2;a\nab\r\n0\r\n\r\n'),
    ...body('2;a=b\nab\r\n0\r\n\r\n'),
    ...body('2;a="b"\nab\r\n0\r\n\r\n'),
    ...body('0\r\n\n'),
    ...trailers('A: b\nB: c'),
  ],
  bareCarriageReturn: [
    request('GET /a HTTP/1.1\rHost: x\r\n\r\n'),
    request('GET /a\rb HTTP/1.1\r\n\r\n'),
    request('GE\rT /a HTTP/1.1\r\n\r\n'),
    response('HTTP/1.1 200 OK\rA: b\r\n\r\n'),
    ...fields('A: b\rB: c'),
    ...fields('A: b\r'),
    ...fields('A\rB: c'),
    ...fields('\rA: b'),
    ...body('2\rab\r\n0\r\n\r\n'),
    ...body('2\r\r\nab\r\n0\r\n\r\n'),
    ...body('0\r\n\rA'),
    ...trailers('A: b\rB: c'),
  ],
  control: [
    request('\x16\x03\x01\x02\x00\x01'),
    request('\0GET /a HTTP/1.1\r\n\r\n'),
    request('GET /a\x7fb HTTP/1.1\r\n\r\n'),
    request('GET\x0b/a HTTP/1.1\r\n\r\n'),
    response('HTTP/1.1 200 O\0K\r\n\r\n'),
    response('HTTP/1.1 2\x1b0 OK\r\n\r\n'),
    ...fields('A: b\0c'),
    ...fields('A: b\x7fc'),
    ...fields('A: \x0bb'),
    ...fields('A\0: b'),
    ...fields('A\0'),
    ...trailers('A: b\x1fc'),
  ],
  startLine: [
    request('GET /a\r\n\r\n'),
    request('GET\r\n\r\n'),
    request('GET /a \r\n\r\n'),
    request('GET /a HTTP/1.1 \r\n\r\n'),
    request('GET /a HTTP/1.1 x\r\n\r\n'),
    request('GET /a /b HTTP/1.1\r\n\r\n'),
    request('GET /a http/1.1\r\n\r\n'),
    request('GET /a HTTP/1.10\r\n\r\n'),
    request('GET /a HTTP/1.2\r\n\r\n'),
    request('SOURCE /a ICE/1.0\r\n\r\n'),
    request('DESCRIBE /a RTSP/1.0\r\n\r\n'),
    request('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  ],
  statusLine: [
    response('\r\n'),
    response('\r\nHTTP/1.1 200 OK\r\n\r\n'),
    response(' HTTP/1.1 200 OK\r\n\r\n'),
    response('HTTP/1.1\r\n\r\n'),
    response('HTTP/1.\r\n\r\n'),
    response('HTTP/1.1x200 OK\r\n\r\n'),
    response('HTTP/1.10 200 OK\r\n\r\n'),
    response('http/1.1 200 OK\r\n\r\n'),
    response('ICY 200 OK\r\n\r\n'),
    response('GET /a HTTP/1.1\r\n\r\n'),
  ],
  method: [
    request(' GET /a HTTP/1.1\r\n\r\n'),
    request('G@T /a HTTP/1.1\r\n\r\n'),
    request('GET: /a HTTP/1.1\r\n\r\n'),
    request('GET\t/a HTTP/1.1\r\n\r\n'),
    request('G\xc9T /a HTTP/1.1\r\n\r\n'),
    request('HTTP/1.1 200 OK\r\n\r\n'),
  ],
  target: [
    request('GET /caf\xc3\xa9 HTTP/1.1\r\n\r\n'),
    request('GET /a\tHTTP/1.1\r\n\r\n'),
    request('GET \t/a HTTP/1.1\r\n\r\n'),
    request('GET \xa0 HTTP/1.1\r\n\r\n'),
  ],
  version: [
    request('GET /a HTTP/2.0\r\n\r\n'),
    request('GET /a HTTP/0.9\r\n\r\n'),
    response('HTTP/2.0 200 OK\r\n\r\n'),
    response('HTTP/1.2 200 OK\r\n\r\n'),
    response('HTTP/0.9 200 OK\r\n\r\n'),
  ],
  status: [
    response('HTTP/1.1 20 OK\r\n\r\n'),
    response('HTTP/1.1 20\r\n\r\n'),
    response('HTTP/1.1 \r\n\r\n'),
    response('HTTP/1.1 2000 OK\r\n\r\n'),
    response('HTTP/1.1 200OK\r\n\r\n'),
    response('HTTP/1.1 099 OK\r\n\r\n'),
    response('HTTP/1.1 -20 OK\r\n\r\n'),
    response('HTTP/1.1  200 OK\r\n\r\n'),
    response('HTTP/1.1 2\xb20 OK\r\n\r\n'),
  ],
  name: [
    ...fields(': b'),
    ...fields('A[0]: b'),
    ...fields('A b: c'),
    ...fields('\xc3\xa9: b'),
    ...fields('"A": b'),
    ...trailers(': b'),
  ],
  noColon: [...fields('A'), ...fields('A b'), ...trailers('GET /b HTTP/1.1')],
  spaceBeforeColon: [
    ...fields('A : b'),
    ...fields('A\t: b'),
    ...fields('Content-Length : 5'),
    ...fields('Transfer-Encoding  : chunked'),
    ...trailers('A : b'),
  ],
  folded: [
    ...fields('A: b\r\n c'),
    ...fields('A: b\r\n\tc: d'),
    ...fields(' A: b'),
    ...fields(' '),
    ...trailers('A: b\r\n c'),
  ],
  bothFramings: [
    ...fields('Transfer-Encoding: chunked\r\nContent-Length: 5'),
    ...fields('Content-Length: 0\r\nTransfer-Encoding: chunked'),
    ...fields('Content-Length: 0\r\nTransfer-Encoding: identity'),
    response('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n'),
    response('HTTP/1.1 100 Continue\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n'),
  ],
  chunkedTwice: [
    ...fields('Transfer-Encoding: chunked, chunked'),
    ...fields('Transfer-Encoding: chunked\r\ntransfer-encoding: CHUNKED'),
    ...fields('Transfer-Encoding: chunked, gzip, chunked'),
  ],
  notLast: [
    request('GET /a HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n'),
    request('GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n'),
  ],
  notChunked: [
    response('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'),
    response('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'),
    response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n'),
    response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n'),
    response('HTTP/1.1 200 OK\r\nTransfer-Encoding: \xa0chunked\r\n\r\n'),
  ],
  emptyCoding: [
    ...fields('Transfer-Encoding:'),
    ...fields('Transfer-Encoding:\r\nTransfer-Encoding: chunked'),
    ...fields('Transfer-Encoding: chunked\r\nTransfer-Encoding: '),
    request('GET /a HTTP/1.1\r\nTransfer-Encoding: chunked,\r\n\r\n'),
  ],
  tabbedCoding: [
    ...fields('Transfer-Encoding:\tchunked'),
    ...fields('Transfer-Encoding: chunked\t'),
    ...fields('Transfer-Encoding: gzip,\tchunked'),
  ],
  repeatedLength: [
    ...fields('Content-Length: 5\r\nContent-Length: 5'),
    ...fields('Content-Length: 5\r\nA: b\r\ncontent-length: 6'),
  ],
  length: [
    '',
    '-1',
    '+1',
    '0x5',
    '5,5',
    '5 5',
    '1e1',
    '5.0',
    '"5"',
    '\xb2',
    '18446744073709551616',
    '9'.repeat(30),
  ].flatMap(value => fields(`Content-Length: ${value}`)),
  chunkSize: ['', ' 2', '0x2', '-2', '+2', '2 ', '2\t', '2g', '2 ;a=b', '2\0', '\xb2'].flatMap(size => [
    ...body(`${size}\r\nab\r\n0\r\n\r\n`),
    ...body(`2\r\nab\r\n${size}\r\ncd\r\n0\r\n\r\n`),
  ]),
  hugeChunk: [...body('20000000000000\r\nab'), ...body('10000000000000005\r\nab'), ...body('f'.repeat(300))],
  chunkExtension: [
    '2;',
    '2;a=',
    '2;=b',
    '2;a=b c',
    '2; a',
    '2;a="b',
    '2;a="b"c',
    '2;a="\\\0"',
    '2;a=\0',
    '2;a ;b',
    '2;a,b',
  ].flatMap(line => body(`${line}\r\nab\r\n0\r\n\r\n`)),
  longExtension: [
    ...body(`2;a=${'b'.repeat(17_000)}\r\nab\r\n0\r\n\r\n`),
    ...body(`2${';a'.repeat(8500)}\r\nab\r\n0\r\n\r\n`),
    ...body(`${'0'.repeat(17_000)}2\r\nab\r\n0\r\n\r\n`),
  ],
  chunkEnd: [
    ...body('2\r\nab0\r\n\r\n'),
    ...body('2\r\nabc\r\n0\r\n\r\n'),
    ...body('2\r\nab\n0\r\n\r\n'),
    ...body('2\r\nab\r0\r\n\r\n'),
    ...body('3\r\nab\r\n0\r\n\r\n'),
  ],
  framedTrailer: [
    ...trailers('Content-Length: 5'),
    ...trailers('A: b\r\ntransfer-encoding: chunked'),
    ...trailers('Content-Length:'),
  ],
  targetTooLong: [
    request(`GET /${'a'.repeat(1100)} HTTP/1.1\r\n\r\n`),
    request('A'.repeat(1025)),
    response(`HTTP/1.1 200 ${'a'.repeat(1100)}\r\n\r\n`),
  ],
  headTooLarge: [...fields(`A: ${'b'.repeat(1100)}`), ...fields('A: b\r\n'.repeat(200)), ...fields('A'.repeat(1100))],
  trailersTooLarge: [
    ...trailers(`A: ${'b'.repeat(1100)}`),
    ...trailers('A: b\r\n'.repeat(200)),
    ...body(`0\r\n${'A'.repeat(1025)}`),
  ],
  truncated: [
    request('G'),
    request('GET /a HTTP/1.1\r\n'),
    request('GET /a HTTP/1.1\r\nA: b\r\n\r'),
    request('GET /a HTTP/1.1\r\nA: b\r\n\r\nG'),
    request('POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n'),
    request('POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell'),
    response('H'),
    response('HTTP/1.1 100 Continue\r\n\r\nH'),
    response('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell'),
    ...body(''),
    ...body('2'),
    ...body('2\r\nab\r\n'),
    ...body('2\r\nab\r\n0\r\n'),
    ...body('2\r\nab\r\n0\r\nA: b\r\n'),
    ...body('2\r\nab\r\n0\r\nA: b\r\n\r'),
  ],
};

it.each(Object.entries(messages))('%s is found in each of its messages, however their bytes come', (name, rows) => {
  for (const [read, bytes] of rows) {
    const shown = JSON.stringify(bytes.slice(0, 200));
    const whole = read([bytes]);
    expect(whole.fault, shown).toBe(faults[name as keyof typeof faults]);
    expect(read(byteByByte(bytes)), shown).toEqual(whole);
    const step = Math.ceil(bytes.length / 100);
    for (let at = 1; at < bytes.length; at += step)
      expect(read([bytes.slice(0, at), bytes.slice(at)]), `${shown}, cut at ${at}`).toEqual(whole);
  }
});

it('is told in words that hold nothing of the message', () => {
  for (const { message } of Object.values(faults)) expect(message).toMatch(/^[A-Za-z0-9.,' -]+$/);
});
