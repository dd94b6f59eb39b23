import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, type Echo, echo, startBackend, type TestBackend } from '../support/backend.js';
import { connectRaw, type RawClient, rawRequest, request as request1 } from '../support/client.js';
import { valueOf } from '../support/header-list.js';
import { connectCleartextHttp2 } from '../support/http2-client.js';
import { flag, frame, frameOf, headerBlock, introduced, preface, requestFields } from '../support/http2-frames.js';
import { openTunnel } from '../support/http2-tunnel.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { textFrame } from '../support/raw-websocket.js';
import { requireTool } from '../support/require-tool.js';
import { expectAtRest } from '../support/scene.js';
import { tempFolder } from '../support/temp.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

/** All that a client sends for a GET that needs no answer before it. */
const get = Buffer.concat([
  Buffer.from(preface),
  frameOf(frame.settings, flag.none, 0),
  frameOf(
    frame.headers,
    flag.endHeaders | flag.endStream,
    1,
    headerBlock(requestFields({ ':scheme': 'http', ':path': '/raw' })),
  ),
]);

/** Sends the pieces one after the other: the gateway, in this process, reads each by itself. */
async function sendInPieces(client: RawClient, ...pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    client.send(piece);
    for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
  }
}

describe('a listener with h2c', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let socketPath: string;

  beforeAll(async () => {
    const chat = await startWebSocketBackend();
    backend = await startBackend();
    socketPath = join(await tempFolder(), 'gateway.sock');
    gateway = await startInProcess({
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0, h2c: true },
        { name: 'http1', host: '127.0.0.1', port: 0 },
        { name: 'local', unix: socketPath, h2c: true },
      ],
      upstreams: { app: { backends: [backend.url] }, chat: { backends: [chat.url] } },
      routes: [{ match: { path: '/chat' }, upstream: 'chat' }, { upstream: 'app' }],
    });
  });

  /** The fields that the backend was told, by the answer of `echo`. */
  const fieldsOf = (text: string): string[] => (JSON.parse(text) as Echo).headers;

  it('serves HTTP/2 with prior knowledge, and tells backends and the log of it', async () => {
    backend.handler = echo;
    const client = await connectCleartextHttp2(gateway.port);
    const { status, text } = await client.request({ headers: { ':path': '/told?x', 'x-forwarded-proto': 'https' } });
    expect(status).toBe(200);
    const fields = fieldsOf(text);
    expect(valueOf(fields, 'via')).toMatch(/^2\.0 gatehouse-/);
    expect(valueOf(fields, 'x-forwarded-proto')).toBe('http');
    expect(valueOf(fields, 'x-forwarded-for')).toBe('127.0.0.1');
    expect(valueOf(fields, 'forwarded')).toBe(`for=127.0.0.1;host="127.0.0.1:${gateway.port}";proto=http`);
    const line = await gateway.waitForLog(({ path }) => path === '/told');
    expect(line).toMatchObject({ httpVersion: '2.0', status: 200, listener: 'web', client: '127.0.0.1' });
  });

  it('carries bodies and trailers both ways, on many streams of one connection', async () => {
    backend.handler = async (incoming, response, record) => {
      await bodyOf(incoming);
      response.writeHead(200, { trailer: 'x-end' });
      response.write(record.sha256);
      response.addTrailers({ 'x-end': valueOf(record.rawTrailers, 'x-sum') ?? 'none' });
      response.end();
    };
    const client = await connectCleartextHttp2(gateway.port);
    const body = randomBytes(300_000);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        client.request({
          headers: { ':method': 'POST', te: 'trailers' },
          body,
          trailers: { 'x-sum': `sum-${number}` },
        }),
      ),
    );
    const sha256 = createHash('sha256').update(body).digest('hex');
    answers.forEach((answer, number) => {
      expect(answer).toMatchObject({ status: 200, text: sha256, whole: true, trailers: { 'x-end': `sum-${number}` } });
    });
    await expectAtRest(gateway);
  });

  it('serves HTTP/1.1 on the same port, with bodies and with what is sent ahead', async () => {
    backend.handler = echo;
    const body = randomBytes(300_000);
    const response = await request1(gateway.port, { method: 'POST', body });
    expect(response).toMatchObject({ status: 200, httpVersion: '1.1' });
    expect(response.json<Echo>()).toMatchObject({ bodyLength: body.length });
    const client = await connectRaw(gateway.port);
    client.send(['/1', '/2', '/3'].map(path => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
    for (const url of ['/1', '/2', '/3']) expect((await client.response()).json<Echo>().url).toBe(url);
  });

  it('serves a unix socket in both', async () => {
    backend.handler = echo;
    const raw = await connectRaw(0, { socketPath });
    const frames = await introduced(raw);
    frames.head(1, requestFields({ ':scheme': 'http', ':path': '/by-socket' }));
    expect(await frames.status(1)).toBe(200);
    const line = await gateway.waitForLog(({ path }) => path === '/by-socket');
    expect(line).toMatchObject({ httpVersion: '2.0', listener: 'local', client: 'unix' });
    expect((await request1(0, { socketPath })).httpVersion).toBe('1.1');
  });

  it('loses no byte, wherever the preface and what follows is cut', async () => {
    backend.handler = echo;
    for (let cut = 1; cut <= preface.length + 10; cut++) {
      const client = await connectRaw(gateway.port);
      await sendInPieces(client, get.subarray(0, cut), get.subarray(cut));
      await client.until('"url":"/raw"');
      client.close();
    }
    const dripping = await connectRaw(gateway.port);
    await sendInPieces(dripping, ...Array.from(get, byte => Buffer.from([byte])));
    await dripping.until('"url":"/raw"');
  });

  it.each([
    ['a method that begins like the preface', 'PRI * HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['the method PRI for a path', 'PRI /a HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['POST', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab'],
    ['PROPFIND', 'PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a line end before the request', '\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['garbage behind half a preface', `${preface.slice(0, 12)}garbage\r\n\r\n`],
    ['garbage behind the first part of the preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r'],
    ['a preface in lower case', preface.toLowerCase()],
    ['garbage', '\0\0\0\0'],
    ['TLS', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0])],
  ])('answers %s as a listener without h2c does', async (_, bytes) => {
    backend.handler = echo;
    const options = { method: 'GET' };
    const expected = await rawRequest(gateway.ports['http1']!, bytes, options);
    expect(expected.status).toBeGreaterThan(0);
    const client = await connectRaw(gateway.port);
    const all = Buffer.from(bytes as string, 'latin1');
    await sendInPieces(client, all.subarray(0, 2), all.subarray(2));
    for (const response of [await rawRequest(gateway.port, bytes, options), await client.response()])
      expect([response.status, response.header('x-gateway-error')]).toEqual([
        expected.status,
        expected.header('x-gateway-error'),
      ]);
  });

  it('is the only one that serves HTTP/2 in clear text: another answers the preface with 400', async () => {
    const response = await rawRequest(gateway.ports['http1']!, get, { method: 'GET' });
    expect([response.httpVersion, response.status]).toEqual(['1.1', 400]);
  });

  it('serves curl with prior knowledge', async () => {
    const curl = requireTool('curl');
    backend.handler = echo;
    const run = async (...args: string[]): Promise<string> => {
      const all = ['-sS', '-m', '20', '-w', '\n%{http_version} %{http_code}', ...args];
      return (await promisify(execFile)(curl, [...all, `http://127.0.0.1:${gateway.port}/by-curl`])).stdout;
    };
    const [body, end] = (await run('--http2-prior-knowledge', '-d', 'four')).split('\n');
    expect([end, JSON.parse(body!)]).toMatchObject(['2 200', { method: 'POST', bodyLength: 4 }]);
    expect(await run()).toMatch(/\n1\.1 200$/);
    // An offer to upgrade, which RFC 9113 has done away with, is not taken.
    expect(await run('--http2')).toMatch(/\n1\.1 200$/);
  });

  it('carries WebSockets (RFC 8441)', async () => {
    const client = await connectCleartextHttp2(gateway.port);
    const tunnel = await openTunnel(client, { ':scheme': 'http', ':path': '/chat' });
    expect(tunnel.status).toBe(200);
    tunnel.say('hello');
    await tunnel.until(textFrame('hello'));
    tunnel.stream.close();
    const line = await gateway.waitForLog(({ path }) => path === '/chat');
    expect(line).toMatchObject({ httpVersion: '2.0', status: 200, messagesIn: 1, messagesOut: 1 });
    await expectAtRest(gateway);
  });

  it('refuses a stream that says it came over TLS', async () => {
    const client = await connectCleartextHttp2(gateway.port);
    expect((await client.request({ headers: { ':scheme': 'https' } })).status).toBe(400);
    expect((await client.request()).status).toBe(200);
  });

  it('takes a client that closes its side for gone', async () => {
    let isGone = false;
    backend.handler = (_request, response) => {
      response.on('close', () => (isGone = true));
      response.writeHead(200).write('first');
    };
    const raw = await connectRaw(gateway.port);
    const frames = await introduced(raw);
    frames.head(1, requestFields({ ':scheme': 'http', ':path': '/left' }));
    await frames.frame(({ type }) => type === frame.data);
    raw.half();
    expect(await gateway.waitForLog(({ path }) => path === '/left')).toMatchObject({ error: 'CLIENT_ABORTED' });
    await raw.closed();
    await expectAtRest(gateway);
    expect(isGone).toBe(true);
  });
});
