import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serveHttp1 } from '../../../test/support/message-server.js';
import { connectRaw, type RawClient } from '../../../test/support/raw-client.js';
import { Http1Responder } from './http1-responder.js';
import { endsWithAnswer } from './last-answer.js';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: false } as const;

interface Served {
  readonly client: RawClient;
  readonly responder: Http1Responder;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** Sends a request, and gives what is to answer it. */
async function served(text = get, { expectsContinue = false, draining = false } = {}): Promise<Served> {
  const { promise, resolve } = Promise.withResolvers<Omit<Served, 'client'>>();
  let isFirst = true;
  const port = await serveHttp1((request, response) => {
    if (!isFirst) return void response.end('next');
    isFirst = false;
    const responder = new Http1Responder(request, response, expectsContinue, { ...listener, draining });
    resolve({ responder, request, response, socket: request.socket });
  });
  const client = await connectRaw(port);
  client.send(text);
  return { client, ...(await promise) };
}

describe('an answer to an HTTP/1.1 client', () => {
  it('goes out whole, with its fields, and the connection is kept', async () => {
    const { client, responder } = await served();
    expect(responder.headSent).toBe(false);
    responder.send(404, ['X-One', '1', 'Content-Length', '2'], 'no');
    expect([responder.headSent, responder.length]).toEqual([true, 2]);
    const answer = await client.response();
    expect([answer.status, answer.text, answer.header('x-one')]).toEqual([404, 'no', '1']);
    client.send(get);
    expect((await client.response()).text).toBe('next');
  });

  it('has its small body byte for byte in one write with the head', async () => {
    const { client, responder, socket } = await served();
    const body = Buffer.from([0, 0xff, 0x0d, 0x0a, 0xe4]);
    let writes = 0;
    const write = socket.write.bind(socket) as Socket['write'];
    socket.write = ((...args: Parameters<Socket['write']>) => (writes++, write(...args))) as Socket['write'];
    responder.head(200, 'OK', ['Content-Length', '5']);
    expect(responder.write(body)).toBe(true);
    responder.end();
    expect((await client.response()).body).toEqual(body);
    expect(writes).toBe(1);
  });

  it('has its head at once where the body does not come with it', async () => {
    const { client, responder } = await served();
    responder.head(200, 'OK', ['Content-Length', '4']);
    await client.until('\r\n\r\n');
    responder.write(Buffer.from('late'));
    responder.end();
    expect((await client.response()).text).toBe('late');
  });

  it('has its head at once where it is flushed', async () => {
    const { client, responder } = await served();
    responder.head(200, 'OK', []);
    responder.flush();
    await client.until('\r\n\r\n');
  });

  it('comes in chunks, with trailer fields, where the length is not declared', async () => {
    const { client, responder } = await served();
    responder.head(200, 'OK', ['Trailer', 'x-sum']);
    responder.write(Buffer.from('abc'));
    responder.end(['x-sum', '1']);
    const answer = await client.response();
    expect([answer.text, answer.header('trailer'), answer.rawTrailers]).toEqual(['abc', 'x-sum', ['x-sum', '1']]);
  });

  it('announces no trailer fields that cannot follow', async () => {
    const { client, responder } = await served();
    responder.head(200, 'OK', ['Trailer', 'x-sum', 'Content-Length', '3']);
    responder.write(Buffer.from('abc'));
    responder.end(['x-sum', '1']);
    const answer = await client.response();
    expect([answer.text, answer.header('trailer')]).toEqual(['abc', undefined]);
  });

  it('has the reason phrase of the backend, or the usual one where that cannot be written', async () => {
    const phrase = async (message: string): Promise<string> => {
      const { client, responder } = await served();
      responder.head(404, message, ['Content-Length', '0']);
      responder.end();
      await client.response();
      return client.received.toString('latin1').split('\r\n')[0]!;
    };
    expect(await phrase('Nichts gefunden')).toBe('HTTP/1.1 404 Nichts gefunden');
    expect(await phrase('a\nb')).toBe('HTTP/1.1 404 Not Found');
    expect(await phrase('')).toBe('HTTP/1.1 404 Not Found');
  });

  it('tells the backend to stop while its client does not read, and to go on when it does', async () => {
    const { client, responder } = await served();
    client.pause();
    responder.head(200, 'OK', []);
    let resumed = 0;
    responder.source = { resume: () => resumed++ };
    let written = 0;
    while (responder.write(Buffer.alloc(64 * 1024))) written++;
    expect(resumed).toBe(0);
    client.resume();
    await client.until('\0'.repeat(64 * 1024));
    while (resumed === 0) await new Promise(setImmediate);
    expect(written).toBeLessThan(1_000);
    responder.end();
    expect((await client.response()).clean).toBe(true);
  });
});

describe('an interim answer', () => {
  it('passes before the head, and not after it', async () => {
    const { client, responder } = await served();
    responder.informational(103, ['Link', '</a>']);
    responder.send(200, ['Content-Length', '0'], '');
    responder.informational(103, ['Link', '</b>']);
    await client.until('200 OK');
    expect(client.received.toString()).toContain('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
    expect(client.received.toString()).not.toContain('</b>');
  });

  it('is kept from a client of HTTP/1.0', async () => {
    const { client, responder } = await served('GET / HTTP/1.0\r\n\r\n');
    responder.informational(103, []);
    responder.send(200, ['Content-Length', '0'], '');
    await client.closed();
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('of 100 goes to a client that waits for it, once', async () => {
    const text = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n';
    const { client, responder, request } = await served(text, { expectsContinue: true });
    expect(responder.withholdsContinue).toBe(true);
    responder.informational(100, []);
    responder.informational(100, []);
    expect(responder.withholdsContinue).toBe(false);
    await client.until('100 Continue\r\n\r\n');
    client.send('ab');
    for await (const chunk of request) expect(String(chunk)).toBe('ab');
    responder.send(200, ['Content-Length', '0'], '');
    await client.until('200 OK');
    expect(client.received.toString().match(/100 Continue/g)).toHaveLength(1);
  });

  it('of 100 goes to no client that does not wait for it', async () => {
    const { client, responder } = await served();
    responder.informational(100, []);
    responder.send(200, ['Content-Length', '0'], '');
    await client.until('200 OK');
    expect(client.received.toString()).not.toContain('100 Continue');
  });
});

describe('an answer before the end of the request', () => {
  const post = (length: number, fields = ''): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n${fields}\r\n`;

  it('keeps the connection where the rest is small, and reads it', async () => {
    const { client, responder, socket } = await served(post(5));
    responder.send(403, ['Content-Length', '2'], 'no');
    const answer = await client.response();
    expect([answer.header('connection'), endsWithAnswer(socket)]).toEqual(['keep-alive', false]);
    client.send(`12345${get}`);
    expect((await client.response()).text).toBe('next');
  });

  it.each([
    ['is large', post(100_000), 403],
    ['has no declared length', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 403],
    ['is refused for its size', post(5), 413],
    ['came too slowly', post(5), 408],
  ])('ends the connection where the rest %s', async (_what, text, status) => {
    const { client, responder, socket } = await served(text);
    responder.send(status, ['Content-Length', '2'], 'no');
    const answer = await client.response();
    expect([answer.text, answer.header('connection'), endsWithAnswer(socket)]).toEqual(['no', 'close', true]);
    expect(await client.closed()).toBe('end');
    expect(socket.destroyed).toBe(false);
  });

  it('ends the connection of a client that was never told to send its body', async () => {
    const { client, responder } = await served(post(5, 'Expect: 100-continue\r\n'), { expectsContinue: true });
    responder.send(403, ['Content-Length', '2'], 'no');
    expect((await client.response()).header('connection')).toBe('close');
  });

  it('ends the connection where a backend gives it', async () => {
    const { client, responder, socket } = await served(post(5));
    responder.head(200, 'OK', ['Content-Length', '2']);
    responder.write(Buffer.from('ok'));
    responder.end();
    const answer = await client.response();
    expect([answer.text, answer.header('connection'), endsWithAnswer(socket)]).toEqual(['ok', 'close', true]);
  });
});

describe('an answer while the listener drains', () => {
  it('is the last one of its connection', async () => {
    const { client, responder, socket } = await served(get, { draining: true });
    responder.send(200, ['Content-Length', '2'], 'ok');
    expect([(await client.response()).header('connection'), endsWithAnswer(socket)]).toEqual(['close', true]);
    await client.closed();
  });
});

describe('an answer that breaks', () => {
  it('never ends cleanly for a client that reads chunks, and what was written arrives', async () => {
    const { client, responder } = await served();
    responder.head(200, 'OK', []);
    responder.write(Buffer.from('half'));
    responder.abort();
    const { clean, text } = await client.response();
    expect([clean, text]).toEqual([false, 'half']);
  });

  it('has its head also where it breaks at once', async () => {
    const { client, responder } = await served();
    responder.head(200, 'OK', ['Content-Length', '10']);
    responder.abort();
    const { status, clean } = await client.response();
    expect([status, clean]).toEqual([200, false]);
  });

  it('is too short for a client that knows the length', async () => {
    const { client, responder } = await served();
    responder.head(200, 'OK', ['Content-Length', '10']);
    responder.write(Buffer.from('half'));
    responder.abort();
    expect([await client.closed(), client.received.toString().endsWith('half')]).toEqual(['end', true]);
  });

  it('is reset where the end of the connection would be its end', async () => {
    const { client, responder } = await served('GET / HTTP/1.0\r\n\r\n');
    responder.head(200, 'OK', []);
    responder.write(Buffer.from('half'));
    responder.flush();
    await client.until('half');
    responder.abort();
    expect(await client.closed()).toBe('reset');
  });

  it('says nothing to a client that has gone', async () => {
    const { client, responder, response } = await served();
    client.reset();
    while (!response.destroyed) await new Promise(setImmediate);
    expect(() => responder.abort()).not.toThrow();
    expect(responder.switchProtocols('websocket', [])).toBeUndefined();
  });
});

describe('an upgrade', () => {
  it('is answered with 101 and the fields of the backend, and gives the connection up', async () => {
    const { client, responder, socket } = await served();
    expect(responder.switchProtocols('websocket', ['Sec-WebSocket-Accept', 'x'])).toBe(socket);
    expect(responder.headSent).toBe(true);
    await client.until('\r\n\r\n');
    expect(client.received.toString()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
    );
    socket.write('frame');
    await client.until('frame');
  });
});
