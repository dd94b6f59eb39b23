import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BackendHandler,
  type Echo,
  type TestBackend,
  answer,
  bodyOf,
  echo,
  startBackend,
} from '../support/backend.js';
import { request as request1 } from '../support/client.js';
import { valueOf, valuesOf } from '../support/header-list.js';
import { connectHttp2, responseOf, type Http2Client } from '../support/http2-client.js';
import { connectFrames, flag, frame, requestFields, uint32 } from '../support/http2-frames.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR } = constants;

describe('a request over HTTP/2', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let client: Http2Client;

  beforeAll(async () => {
    backend = await startBackend();
    gateway = await secureGatewayTo([backend]);
    client = await connectHttp2(gateway.port);
  });

  async function echoed(request: Parameters<Http2Client['request']>[0]): Promise<Echo> {
    backend.handler = echo;
    const { status, text } = await client.request(request);
    expect(status).toBe(200);
    return JSON.parse(text) as Echo;
  }

  it('reaches the backend over HTTP/1.1, with its path byte by byte and the forwarding fields', async () => {
    const { headers, method, url } = await echoed({
      headers: { ':path': '/a%2Fb/%C3%A9?q=1&q', 'x-one': 'a' },
    });
    expect({ method, url }).toEqual({ method: 'GET', url: '/a%2Fb/%C3%A9?q=1&q' });
    expect(valueOf(headers, 'host')).toBe(`127.0.0.1:${gateway.port}`);
    expect(valueOf(headers, 'x-one')).toBe('a');
    expect(valueOf(headers, 'via')).toMatch(/^2\.0 gatehouse-[\da-f]{12}$/);
    expect(valueOf(headers, 'x-forwarded-proto')).toBe('https');
    expect(valueOf(headers, 'x-forwarded-host')).toBe(`127.0.0.1:${gateway.port}`);
    expect(valueOf(headers, 'x-forwarded-for')).toBe('127.0.0.1');
    expect(valueOf(headers, 'forwarded')).toBe(`for=127.0.0.1;host="127.0.0.1:${gateway.port}";proto=https`);
    expect(headers.filter((name, index) => index % 2 === 0 && name.startsWith(':'))).toEqual([]);
  });

  it('has its cookies put together again', async () => {
    const { headers } = await echoed({ headers: { cookie: ['a=1', 'b=2; c=3', 'd=4'] } });
    expect(valuesOf(headers, 'cookie')).toEqual(['a=1; b=2; c=3; d=4']);
  });

  it('keeps fields that are repeated, and bytes above ASCII', async () => {
    const { headers } = await echoed({ headers: { 'x-many': ['a', 'b'], 'x-latin': 'caf\u00e9' } });
    expect(valuesOf(headers, 'x-many')).toEqual(['a', 'b']);
    expect(valueOf(headers, 'x-latin')).toBe('caf\u00e9');
  });

  it('carries a body with a length, and one without', async () => {
    const body = randomBytes(200_000);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const sized = await echoed({ headers: { ':method': 'POST', 'content-length': body.length }, body });
    expect(sized).toMatchObject({ bodyLength: body.length, sha256 });
    expect(valueOf(sized.headers, 'content-length')).toBe('200000');
    const open = await echoed({ headers: { ':method': 'PUT' }, body });
    expect(open).toMatchObject({ bodyLength: body.length, sha256 });
    expect(valueOf(open.headers, 'transfer-encoding')).toBe('chunked');
    const small = await echoed({ headers: { ':method': 'POST', 'content-length': 3 }, body: 'abc' });
    expect(small.bodyLength).toBe(3);
    const empty = await echoed({ headers: { ':method': 'POST', 'content-length': 0 }, body: '' });
    expect(empty.bodyLength).toBe(0);
  });

  it('carries trailers both ways', async () => {
    backend.handler = async (request, response, record) => {
      await bodyOf(request);
      response.writeHead(200, { trailer: 'x-end' });
      response.write('body');
      response.addTrailers({ 'x-end': valueOf(record.rawTrailers, 'x-sum') ?? 'none' });
      response.end();
    };
    const response = await client.request({
      headers: { ':method': 'POST', te: 'trailers' },
      body: 'abc',
      trailers: { 'x-sum': 'abc-sum' },
    });
    expect(response).toMatchObject({ status: 200, text: 'body', whole: true });
    expect(response.trailers).toMatchObject({ 'x-end': 'abc-sum' });
    expect(valueOf(backend.requests.at(-1)!.rawHeaders, 'te')).toBe('trailers');
  });

  it('is not believed to take trailers for a request without a body, of which browsers say so by habit', async () => {
    backend.handler = answer(200, 'hello');
    expect((await client.request({ headers: { te: 'trailers' } })).text).toBe('hello');
    expect(valueOf(backend.requests.at(-1)!.rawHeaders, 'te')).toBeUndefined();
  });

  it('gets a response without the fields that belong to a connection', async () => {
    backend.handler = answer(200, 'hello', [
      ...['Content-Length', '5', 'Connection', 'X-Hop', 'X-Hop', '1', 'Keep-Alive', 'timeout=5'],
      ...[
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'X-Kept',
        'yes',
        'Proxy-Connection',
        'close',
        'HTTP2-Settings',
        'AA',
      ],
    ]);
    const { headers, text, whole } = await client.request();
    expect({ text, whole }).toEqual({ text: 'hello', whole: true });
    expect(headers).toMatchObject({ ':status': 200, 'x-kept': 'yes', 'set-cookie': ['a=1', 'b=2'] });
    for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'x-hop', 'proxy-connection', 'http2-settings'])
      expect(headers).not.toHaveProperty(name);
  });

  it.each([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"a"' }],
    ['GET', 205, {}],
  ])('gets no body for %s and %i', async (method, status, fields) => {
    backend.handler = (_request, response) => response.writeHead(status, fields).end();
    const response = await client.request({ headers: { ':method': method } });
    expect(response).toMatchObject({ status, text: '', whole: true, headers: fields, code: NGHTTP2_NO_ERROR });
  });

  it('gets interim responses, but for the one that ends HTTP', async () => {
    const raw = await startRawBackend(async connection => {
      await connection.head();
      connection.respond('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLink: </b.css>\r\nConnection: x\r\n\r\n');
      connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const other = await secureGatewayTo([raw]);
    const { informational, text } = await (await connectHttp2(other.port)).request();
    expect(text).toBe('ok');
    expect(informational).toMatchObject([{ ':status': 103, link: '</a.css>, </b.css>' }]);
  });

  it('is asked to go on when the backend asks for the body', async () => {
    backend.handler = echo;
    const stream = client.open({ ':method': 'POST', expect: '100-continue', 'content-length': 5 });
    const response = responseOf(stream);
    await once(stream, 'continue');
    stream.end('12345');
    expect(JSON.parse((await response).text)).toMatchObject({ bodyLength: 5 });
  });

  it('gets 417 for another expectation', async () => {
    expect((await client.request({ headers: { expect: 'the unexpected' } })).status).toBe(417);
  });

  it('is logged and counted with its version', async () => {
    backend.handler = echo;
    const before = await gateway.metric('gatehouse_requests_total', { listener: 'web', status: '200' });
    await client.request({ headers: { ':method': 'POST', ':path': '/logged?x' }, body: '1234567' });
    const line = await gateway.waitForLog(each => each['path'] === '/logged');
    expect(line).toMatchObject({ httpVersion: '2.0', status: 200, bytesIn: 7, listener: 'web', client: '127.0.0.1' });
    expect(await gateway.metric('gatehouse_requests_total', { listener: 'web', status: '200' })).toBe(before + 1);
  });

  it('shares the port with HTTP/1.1', async () => {
    backend.handler = echo;
    const response = await request1(gateway.port, { tls: { rejectUnauthorized: false } });
    expect(response).toMatchObject({ status: 200, httpVersion: '1.1' });
    expect(valueOf(response.json<Echo>().headers, 'via')).toMatch(/^1\.1 gatehouse-[\da-f]{12}$/);
  });

  it('is one of many at once', async () => {
    backend.handler = echo;
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, number) =>
        client.request({ headers: { ':path': `/many/${number}`, ':method': 'POST' }, body: `body ${number}` }),
      ),
    );
    const urls = answers.map(({ text }) => (JSON.parse(text) as Echo).url);
    expect(urls).toEqual(Array.from({ length: 300 }, (_, number) => `/many/${number}`));
    await expectAtRest(gateway);
  });
});

describe('the end of a stream', () => {
  /** A gateway before one backend, and a client. */
  async function scene(handler: BackendHandler = echo) {
    const backend = await startBackend(handler);
    const gateway = await secureGatewayTo([backend], { upstream: { retries: { attempts: 0 } } });
    return { backend, gateway, client: await connectHttp2(gateway.port) };
  }

  it('is a reset, never a clean end, when the backend breaks within the body', async () => {
    for (const head of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
      const raw = await startRawBackend(async connection => {
        await connection.head();
        connection.respond(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n5\r\nhello\r\n`);
        await connection.head(2).catch(() => undefined);
      });
      const gateway = await secureGatewayTo([raw]);
      const stream = (await connectHttp2(gateway.port)).open({}, true);
      const ended = responseOf(stream);
      await once(stream, 'data');
      raw.connections[0]!.reset();
      const response = await ended;
      expect(response).toMatchObject({ status: 200, whole: false, code: NGHTTP2_INTERNAL_ERROR });
      expect(await accessLineOf(gateway)).toMatchObject({ status: 200, error: 'BODY_BROKEN' });
    }
  });

  it('is told to the backend when the client resets it, and logged with 499', async () => {
    let gone = false;
    const { gateway, client } = await scene((request, response) => {
      response.on('close', () => (gone = true));
      response.writeHead(200).write('first');
    });
    const stream = client.open({}, true);
    await once(stream, 'data');
    stream.close(NGHTTP2_CANCEL);
    await eventually(() => gone, { what: "the end of the backend's response" });
    expect(await accessLineOf(gateway)).toMatchObject({ status: 499, error: 'CLIENT_ABORTED' });
    await expectAtRest(gateway);
  });

  it('is told to the backend when the connection is lost, before and after the head', async () => {
    let closed = 0;
    const { backend, gateway, client } = await scene((request, response) => {
      response.on('close', () => closed++);
      if (request.url === '/begun') response.writeHead(200).write('first');
    });
    client.open({ ':path': '/silent' }, true);
    await once(client.open({ ':path': '/begun' }, true), 'data');
    await eventually(() => backend.requests.length === 2);
    client.session.destroy();
    await eventually(() => closed === 2, { what: "the end of the backend's responses" });
    await gateway.waitForLog(line => line['path'] === '/silent' && line['status'] === 499);
    await gateway.waitForLog(line => line['path'] === '/begun' && line['status'] === 499);
    await expectAtRest(gateway);
  });

  it.each([NGHTTP2_CANCEL, NGHTTP2_NO_ERROR])(
    'makes a request whose body was reset with code %i no whole one for the backend',
    async code => {
      for (const method of ['POST', 'HEAD']) {
        const { backend, gateway } = await scene();
        const frames = await connectFrames(gateway.port);
        frames.head(1, requestFields({ ':method': method }), false);
        frames.send(frame.data, flag.none, 1, Buffer.from('only the beginning'));
        await eventually(() => backend.requests[0]?.bodyLength === 18, { what: 'the beginning of the body' });
        frames.send(frame.reset, flag.none, 1, uint32(code));
        expect(await accessLineOf(gateway)).toMatchObject({ status: 499, error: 'CLIENT_ABORTED' });
        await expectAtRest(gateway);
        expect(backend.requests[0]?.complete).toBe(false);
      }
    },
  );

  it('is never said before the reset of a broken response: its client could take that for the whole', async () => {
    const raw = await startRawBackend(async connection => {
      await connection.head();
      connection.respond('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
      await connection.head(2).catch(() => undefined);
    });
    const gateway = await secureGatewayTo([raw]);
    const frames = await connectFrames(gateway.port);
    frames.head(1);
    await frames.frame(({ type }) => type === frame.data);
    raw.connections[0]!.reset();
    expect(await frames.refusal(1)).toEqual({ scope: 'stream', code: NGHTTP2_INTERNAL_ERROR });
    const bodies = frames.frames.filter(({ type }) => type === frame.data);
    expect(bodies.map(({ flags, payload }) => ({ flags, text: payload.toString() }))).toEqual([
      { flags: flag.none, text: 'hello' },
    ]);
  });

  it('comes early when the answer does: the client may stop sending, and has the whole answer', async () => {
    const large = randomBytes(1 << 20);
    const { client, gateway } = await scene((_request, response) => response.writeHead(413).end(large));
    const stream = client.open({ ':method': 'POST' });
    stream.write('beginning');
    const response = await responseOf(stream);
    expect(response).toMatchObject({ status: 413, whole: true, code: NGHTTP2_NO_ERROR });
    expect(response.body.equals(large)).toBe(true);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 413, bytesOut: large.length });
    expect((await client.request({ headers: { ':method': 'POST' }, body: 'x' })).status).toBe(413);
  });

  it('is a reset, of the stream or the connection, when the body is not as long as it was said to be', async () => {
    const { backend, gateway } = await scene();
    for (const length of ['3', '10']) {
      const frames = await connectFrames(gateway.port);
      frames.head(1, requestFields({ ':method': 'POST', 'content-length': length }), false);
      frames.send(frame.data, flag.endStream, 1, Buffer.from('12345'));
      const { code } = await frames.refusal(1);
      expect([NGHTTP2_PROTOCOL_ERROR, NGHTTP2_INTERNAL_ERROR]).toContain(code);
    }
    await expectAtRest(gateway);
    expect(backend.requests.filter(({ complete }) => complete)).toEqual([]);
  });
});
