import { constants } from 'node:http2';
import { beforeAll, describe, expect, it } from 'vitest';
import { echo, type TestBackend, startBackend } from '../support/backend.js';
import { valueOf } from '../support/header-list.js';
import { connectFrames, flag, frame, type FrameClient, headerBlock, requestFields } from '../support/http2-frames.js';
import type { InProcessGateway } from '../support/in-process.js';
import { secureGatewayTo } from '../support/secure-scene.js';

type Fields = [name: string, value: string][];

const with_ = (name: string, value: string): Fields => [...requestFields(), [name, value]];

describe('the head of a request over HTTP/2', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let client: FrameClient;
  let stream = -1;

  beforeAll(async () => {
    backend = await startBackend(echo);
    gateway = await secureGatewayTo([backend]);
    client = await connectFrames(gateway.port);
  });

  /** Sends a head and gives the status of its answer, or the code of the stream's reset as a negative number. */
  async function answerTo(fields: Fields): Promise<number> {
    stream += 2;
    client.head(stream, fields);
    const answer = await client.frame(({ stream: id, type }) => id === stream || type === frame.goaway);
    if (answer.type === frame.headers) return client.status(stream);
    expect(answer.type).toBe(frame.reset);
    return -answer.payload.readUInt32BE(0);
  }

  const malformed: [what: string, fields: Fields][] = [
    ['a name in upper case', with_('X-Name', '1')],
    ['Connection', with_('connection', 'close')],
    ['Keep-Alive', with_('keep-alive', 'timeout=1')],
    ['Proxy-Connection', with_('proxy-connection', 'close')],
    ['Transfer-Encoding', with_('transfer-encoding', 'chunked')],
    ['Upgrade', with_('upgrade', 'websocket')],
    ['TE other than trailers', with_('te', 'gzip')],
    ['two methods', with_(':method', 'GET')],
    ['two paths', [[':path', '/other'], ...requestFields()]],
    ['two authorities', [[':authority', 'other'], ...requestFields()]],
    ['two hosts', [...with_('host', 'a'), ['host', 'b']]],
    ['a pseudo-header field after another field', [['x-a', '1'], ...requestFields()]],
    ['a pseudo-header field that is unknown', requestFields({ ':other': '1' })],
    ['a pseudo-header field of responses', requestFields({ ':status': '200' })],
    ['no method', requestFields({ ':method': undefined })],
    ['no path', requestFields({ ':path': undefined })],
    ['no scheme', requestFields({ ':scheme': undefined })],
    ['no authority', requestFields({ ':authority': undefined })],
    ['an empty path', requestFields({ ':path': '' })],
    ['a path that does not begin with a slash', requestFields({ ':path': 'path' })],
    ['a path in absolute form', requestFields({ ':path': 'https://localhost/' })],
    ['an asterisk without OPTIONS', requestFields({ ':path': '*' })],
    ['a path with a space', requestFields({ ':path': '/a HTTP/1.1' })],
    ['a path with a line end', requestFields({ ':path': '/a\r\nx: y' })],
    ['a method with a space', requestFields({ ':method': 'GET /other' })],
    ['an authority with a user', requestFields({ ':authority': 'user@localhost' })],
    ['a value that begins with a space', with_('x-field', ' a')],
    ['a value that ends with a space', with_('x-field', 'a ')],
    ['a value that ends with a tab', with_('cookie', 'a=b\t')],
    ['a value that is a space', with_('x-field', ' ')],
    ['two lengths', [...with_('content-length', '0'), ['content-length', '0']]],
    ['a list of lengths', with_('content-length', '0, 0')],
    ['a length that is none', with_('content-length', '+1')],
    ['a length and no body', with_('content-length', '5')],
    ['a protocol and another method', requestFields({ ':protocol': 'websocket' })],
    ['CONNECT with a path', requestFields({ ':method': 'CONNECT' })],
  ];

  it.each(malformed)('is refused with PROTOCOL_ERROR for %s', async (_what, fields) => {
    const before = backend.requests.length;
    expect(await answerTo(fields)).toBe(-constants.NGHTTP2_PROTOCOL_ERROR);
    expect(backend.requests.length).toBe(before);
  });

  const refused: [what: string, status: number, fields: Fields][] = [
    ['a Host that is not the authority', 400, with_('host', 'other')],
    ['a Host with another port', 400, with_('host', 'localhost:8443')],
    ['an authority that is no host', 400, requestFields({ ':authority': 'a_b~c..d' })],
    ['a fragment', 400, requestFields({ ':path': '/a#b' })],
    ['another scheme', 400, requestFields({ ':scheme': 'ftp' })],
    ['a scheme that is not that of the connection', 400, requestFields({ ':scheme': 'http' })],
    ['CONNECT', 405, requestFields({ ':method': 'CONNECT', ':path': undefined, ':scheme': undefined })],
    ['extended CONNECT without a version', 400, requestFields({ ':method': 'CONNECT', ':protocol': 'websocket' })],
    ['extended CONNECT for another protocol', 501, requestFields({ ':method': 'CONNECT', ':protocol': 'h2c' })],
    ['a path that is too long', 414, requestFields({ ':path': `/${'a'.repeat(16 * 1024)}` })],
    ['fields that are too large', 431, with_('x-large', 'a'.repeat(33 * 1024))],
    [
      'too many fields',
      431,
      [...requestFields(), ...Array.from({ length: 100 }, (_, i): [string, string] => [`x-${i}`, ''])],
    ],
  ];

  it.each(refused)('is refused for %s with %i, and logged', async (_what, status, fields) => {
    const before = backend.requests.length;
    const lines = gateway.logs.filter(({ error }) => error === 'DENIED').length;
    // Frames of more than 16 KiB are not allowed.
    const block = headerBlock(fields);
    stream += 2;
    client.send(frame.headers, flag.endStream, stream, block.subarray(0, 16_384));
    for (let at = 16_384; at < block.length; at += 16_384)
      client.send(frame.continuation, flag.none, stream, block.subarray(at, at + 16_384));
    client.send(frame.continuation, flag.endHeaders, stream);
    expect(await client.status(stream)).toBe(status);
    const written = (): typeof gateway.logs => gateway.logs.filter(({ error }) => error === 'DENIED').slice(lines);
    await gateway.waitForLog(() => written().length > 0);
    expect(written()[0]).toMatchObject({ status, httpVersion: '2.0', error: 'DENIED' });
    expect(backend.requests.length).toBe(before);
  });

  it('may name its host by Host alone, or by both with and without the usual port', async () => {
    for (const fields of [
      [...requestFields({ ':authority': undefined }), ['host', 'localhost']] as Fields,
      with_('host', 'localhost'),
      with_('host', 'LOCALHOST:443'),
    ]) {
      expect(await answerTo(fields)).toBe(200);
      expect(valueOf(backend.requests.at(-1)!.rawHeaders, 'host')).toBe('localhost');
    }
  });

  it('may ask for * with OPTIONS', async () => {
    expect(await answerTo(requestFields({ ':method': 'OPTIONS', ':path': '*' }))).toBe(200);
    expect(backend.requests.at(-1)).toMatchObject({ method: 'OPTIONS', url: '*' });
  });

  // RFC 9113 §8.2.1 requires a reset; nghttp2 drops the field, and Node does not report it.
  it.each([
    ['x-field', 'a\r\nx-new: 1'],
    ['x-field', 'a\nb'],
    ['x-field', 'a\rb'],
    ['x-field', 'a\0b'],
    ['x-field', 'a\r\n\r\nGET /new HTTP/1.1'],
    ['x-field\r\nx-new', '1'],
    ['x-field: 1\nx-new', '1'],
    ['x-fi eld', '1'],
    ['x-fi\0eld', '1'],
    ['cookie', 'a=b\r\nx-new: 1'],
    ['authorization', 'Bearer a\nb'],
  ])('loses the field %j: %j; neither the field nor its hidden part reaches the backend', async (name, value) => {
    expect(await answerTo(with_(name, value))).toBe(200);
    const { rawHeaders, url } = backend.requests.at(-1)!;
    expect(url).toBe('/');
    const names = rawHeaders.filter((_, at) => at % 2 === 0).map(each => each.toLowerCase());
    expect(names.filter(each => /^x-(?:fi|new)/.test(each) || each === 'cookie' || each === 'authorization')).toEqual(
      [],
    );
  });

  it('is logged when its stream is reset for white space around a value', async () => {
    expect(await answerTo(with_('x-field', ' a'))).toBe(-constants.NGHTTP2_PROTOCOL_ERROR);
    const line = await gateway.waitForLog(({ reason }) => reason === 'stream reset, code 1');
    expect(line).toMatchObject({ status: 499, httpVersion: '2.0', attempts: 0 });
  });

  it('can say http when it comes from a trusted proxy, which may have other clients', async () => {
    const trusting = await secureGatewayTo([backend], { others: { trustedProxies: ['127.0.0.1'] } });
    const proxy = await connectFrames(trusting.port);
    proxy.head(1, requestFields({ ':scheme': 'http' }));
    expect(await proxy.status(1)).toBe(200);
  });
});
