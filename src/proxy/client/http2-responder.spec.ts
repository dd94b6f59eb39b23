import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { responseOf, type StreamResponse } from '../../../test/support/http2-client.js';
import { serveHttp2 } from '../../../test/support/message-server.js';
import { Http2Responder } from './http2-responder.js';

interface Options {
  readonly headers?: OutgoingHttpHeaders;
  /** The head is not the end of the request. */
  readonly isOpen?: boolean;
  readonly expectsContinue?: boolean;
}

/** Sends a request, and gives what is to answer it and, later, the answer. */
async function served({ headers = {}, isOpen = false, expectsContinue = false }: Options = {}) {
  const { promise, resolve } = Promise.withResolvers<ServerHttp2Stream>();
  const client = await serveHttp2(stream => resolve(stream));
  const request = client.open(headers, !isOpen);
  const response: Promise<StreamResponse> = responseOf(request);
  const stream = await promise;
  const message = { complete: !isOpen };
  const responder = new Http2Responder(stream, message, headers[':method'] === 'HEAD', expectsContinue);
  return { responder, response, request, stream };
}

describe('an answer to an HTTP/2 client', () => {
  it('goes out whole, with its fields', async () => {
    const { responder, response } = await served();
    responder.send(404, ['X-One', '1', 'Content-Length', '2'], 'no');
    expect([responder.ended, responder.headSent, responder.length]).toEqual([true, true, 2]);
    const { status, text, headers, whole } = await response;
    expect([status, text, headers['x-one'], whole]).toEqual([404, 'no', '1', true]);
  });

  it('comes in pieces, with trailer fields behind them', async () => {
    const { responder, response } = await served();
    responder.head(200, '', []);
    responder.write(Buffer.from('abc'));
    responder.write(Buffer.from('def'));
    responder.end(['X-Sum', '1', 'Connection', 'close', 'X-Sum', '2']);
    const { text, trailers, whole } = await response;
    expect([text, trailers?.['x-sum'], trailers?.connection, whole]).toEqual(['abcdef', '1, 2', undefined, true]);
  });

  it('has no trailer fields behind a body of declared length', async () => {
    const { responder, response } = await served();
    responder.head(200, '', ['Content-Length', '3']);
    responder.write(Buffer.from('abc'));
    responder.end(['X-Sum', '1']);
    const { text, trailers, whole } = await response;
    expect([text, trailers, whole]).toEqual(['abc', undefined, true]);
  });

  it('has none of the connection’s fields, and no line end in a value', async () => {
    const { responder, response } = await served();
    const fields = ['Connection', 'close', 'Keep-Alive', 'timeout=5', 'Transfer-Encoding', 'chunked', 'Upgrade', 'h2c'];
    responder.send(200, [...fields, 'X-Text', 'a\r\nb\0c'], 'ok');
    const { headers } = await response;
    expect(Object.keys(headers).sort()).toEqual([':status', 'date', 'x-text']);
    expect(headers['x-text']).toBe('a  b c');
  });

  it('has status 502 where the backend’s is beyond what there is', async () => {
    const { responder, response } = await served();
    responder.send(799, [], 'ok');
    expect((await response).status).toBe(502);
  });

  it.each([
    ['to HEAD', 200, { ':method': 'HEAD' }, ['Content-Length', '3']],
    ['of 204', 204, {}, []],
    ['of 304', 304, {}, ['Content-Length', '3']],
    ['of length 0', 200, {}, ['Content-Length', '0']],
  ])('%s has no body, even if the backend sends one', async (_what, status, headers, fields) => {
    const { responder, response } = await served({ headers });
    responder.head(status, '', fields);
    expect(responder.write(Buffer.from('abc'))).toBe(true);
    responder.end();
    const answer = await response;
    expect([answer.status, answer.text, answer.whole]).toEqual([status, '', true]);
  });

  it('is broken, and not ended, where it has a field that cannot be written', async () => {
    const { responder, response } = await served();
    responder.send(200, ['a b', '1'], 'ok');
    const { whole, code } = await response;
    expect([whole, code]).toEqual([false, constants.NGHTTP2_INTERNAL_ERROR]);
  });

  it('tells the backend to stop while its client does not read, and to go on when it does', async () => {
    const { responder, request, response } = await served();
    request.pause();
    responder.head(200, '', []);
    let resumed = 0;
    responder.source = { resume: () => resumed++ };
    let written = 0;
    while (responder.write(Buffer.alloc(16 * 1024))) written++;
    expect([resumed, responder.unsent > 0]).toEqual([0, true]);
    request.resume();
    while (resumed === 0) await new Promise(setImmediate);
    expect(written).toBeLessThan(100);
    responder.end();
    expect((await response).body.length).toBe((written + 1) * 16 * 1024);
  });
});

describe('an interim answer on HTTP/2', () => {
  it('passes before the head, and not after it; 101 never does', async () => {
    const { responder, response } = await served();
    responder.informational(101, []);
    responder.informational(103, ['Link', '</a>']);
    responder.send(200, [], 'ok');
    responder.informational(103, ['Link', '</b>']);
    const { informational } = await response;
    expect(informational.map(fields => [fields[':status'], fields.link])).toEqual([[103, '</a>']]);
  });

  it('of 100 goes to a client that waits for it, once, and to no other', async () => {
    const waiting = await served({ expectsContinue: true });
    expect(waiting.responder.withholdsContinue).toBe(true);
    waiting.responder.informational(100, []);
    waiting.responder.informational(100, []);
    expect(waiting.responder.withholdsContinue).toBe(false);
    waiting.responder.send(200, [], 'ok');
    expect((await waiting.response).informational.map(fields => fields[':status'])).toEqual([100]);
    const other = await served();
    other.responder.informational(100, []);
    other.responder.send(200, [], 'ok');
    expect((await other.response).informational).toEqual([]);
  });
});

describe('an answer before the end of the request, on HTTP/2', () => {
  it.each([
    ['with a body', ['Content-Length', '2'], 'ok'],
    ['without a length', [], 'ok'],
    ['without a body', ['Content-Length', '0'], ''],
  ])('%s is whole, and tells the client that it may stop', async (_what, fields, body) => {
    const { responder, response, stream } = await served({ headers: { ':method': 'POST' }, isOpen: true });
    // A stream that nothing has read would be closed by Node itself.
    stream.resume();
    responder.head(200, '', fields);
    if (body !== '') responder.write(Buffer.from(body));
    responder.end();
    const answer = await response;
    expect([answer.status, answer.text, answer.code]).toEqual([200, body, constants.NGHTTP2_NO_ERROR]);
  });
});

describe('an answer that breaks, on HTTP/2', () => {
  it('is reset with INTERNAL_ERROR, and never ended', async () => {
    const { responder, response } = await served();
    responder.head(200, '', []);
    responder.write(Buffer.from('half'));
    responder.abort();
    const { whole, code } = await response;
    expect([whole, code]).toEqual([false, constants.NGHTTP2_INTERNAL_ERROR]);
  });

  it('ignores every call once its client has gone', async () => {
    const { responder, request, stream } = await served();
    request.destroy();
    await once(stream, 'close');
    responder.informational(103, []);
    responder.head(200, '', []);
    expect(responder.write(Buffer.from('abc'))).toBe(true);
    responder.end(['x-sum', '1']);
    responder.send(200, [], 'ok');
    responder.abort();
    expect([responder.switchProtocols('websocket', []), responder.ended]).toEqual([undefined, false]);
  });
});

describe('an upgrade over HTTP/2', () => {
  it('is answered with 200 and without a proof of the key, and gives the stream up', async () => {
    const headers = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':authority': 'a' };
    const { responder, request, stream } = await served({ headers, isOpen: true });
    const answered = once(request, 'response');
    expect(responder.switchProtocols('websocket', ['Sec-WebSocket-Accept', 'x', 'X-One', '1'])).toBe(stream);
    const [fields] = (await answered) as [Record<string, unknown>];
    expect([fields[':status'], fields['sec-websocket-accept'], fields['x-one']]).toEqual([200, undefined, '1']);
    expect(responder.ended).toBe(true);
  });
});
