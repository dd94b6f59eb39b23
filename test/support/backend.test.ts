import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Echo, answer, refusedPort, startBackend } from './backend.js';
import { makeCertificate } from './certificate.js';
import { BrokenResponse, keepAliveAgent, open, request } from './client.js';
import { eventually } from './poll.js';
import { always, startRawBackend } from './raw-backend.js';
import { connectRaw, rawRequest } from './raw-client.js';
import { requireTool } from './require-tool.js';
import { tempFolder } from './temp.js';

describe('a test backend', () => {
  it('echoes and records what it got, headers as spelled', async () => {
    const backend = await startBackend();
    const headers = ['Host', 'shop.example', 'X-One', 'a', 'x-one', 'b'];
    const response = await request(backend.port, { method: 'POST', path: '/a?b', headers, body: 'hello' });
    const sha256 = createHash('sha256').update('hello').digest('hex');
    expect(response.json<Echo>()).toMatchObject({ method: 'POST', url: '/a?b', bodyLength: 5, sha256 });
    expect(backend.last.rawHeaders.slice(0, 6)).toEqual(headers);
    expect(backend.last).toMatchObject({ text: 'hello', complete: true, sha256, connection: 1 });
  });

  it('receives chunked bodies and trailers', async () => {
    const backend = await startBackend();
    const body = Readable.from([Buffer.from('ab'), Buffer.from('c')]);
    await request(backend.port, { method: 'PUT', headers: { trailer: 'x-sum' }, body, trailers: { 'x-sum': '3' } });
    expect(backend.last).toMatchObject({ text: 'abc', rawTrailers: ['x-sum', '3'] });
    expect(backend.last.header('transfer-encoding')).toBe('chunked');
  });

  it('keeps only the first bytes of a large body but counts and hashes all', async () => {
    const backend = await startBackend(undefined, { keepBody: 10 });
    const body = Buffer.alloc(3_000_000, 'x');
    await request(backend.port, { method: 'POST', body });
    expect(backend.last.body).toHaveLength(10);
    expect(backend.last.bodyLength).toBe(body.length);
    expect(backend.last.sha256).toBe(createHash('sha256').update(body).digest('hex'));
  });

  it('tells connections apart and counts the open ones', async () => {
    const backend = await startBackend(answer(204));
    const agent = keepAliveAgent();
    await request(backend.port, { agent });
    await request(backend.port, { agent });
    await request(backend.port);
    expect(backend.requests.map(one => one.connection)).toEqual([1, 1, 2]);
    await eventually(() => expect(backend.openConnections).toBe(1));
  });

  it('listens on a unix socket', async () => {
    const socketPath = join(await tempFolder(), 'backend.sock');
    const backend = await startBackend(answer(200, 'over unix'), { socketPath });
    expect(backend.url).toBe(`unix:${socketPath}`);
    expect((await request(0, { socketPath })).text).toBe('over unix');
  });

  it('hands over upgrades', async () => {
    const onUpgrade: NonNullable<Parameters<typeof startBackend>[1]>['onUpgrade'] = (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    };
    const backend = await startBackend(undefined, { onUpgrade });
    const client = await connectRaw(backend.port);
    client.send('GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 101, ending: 'upgrade' });
    client.send('ping');
    expect((await client.until('ping')).toString()).toBe('ping');
    await backend.close();
    expect(await client.closed()).toMatch(/end|reset/);
  });

  it('shows what a handler threw, and the client a broken connection', async () => {
    const backend = await startBackend(() => {
      throw new Error('oops');
    });
    await expect(request(backend.port)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(backend.errors).toEqual([expect.objectContaining({ message: 'oops' })]);
  });

  it('refuses connections on a refused port', async () => {
    await expect(request(await refusedPort())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a TLS backend', () => {
  requireTool('openssl');

  it('is trusted through the authority that signed it, and only so', async () => {
    const authority = await makeCertificate({ commonName: 'Test CA' });
    const { cert, key } = await makeCertificate({ issuer: authority });
    const backend = await startBackend(answer(200, 'secret'), { tls: { cert, key } });
    expect((await request(backend.port, { tls: { ca: authority.cert } })).text).toBe('secret');
    await expect(request(backend.port, { tls: {} })).rejects.toThrow(/certificate/);
    const raw = await rawRequest(backend.port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', {
      tls: { ca: authority.cert, host: 'localhost' },
    });
    expect(raw).toMatchObject({ status: 200, clean: true, text: 'secret' });
  });
});

describe('a raw backend', () => {
  const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

  it('records the bytes and answers as scripted', async () => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    expect(await rawRequest(backend.port, get)).toMatchObject({ text: 'ok', ending: 'content-length' });
    expect((await backend.connection()).text).toBe(get);
    expect(backend.errors).toEqual([]);
  });

  it('stays silent without a script', async () => {
    const backend = await startRawBackend();
    expect(await rawRequest(backend.port, get, { timeout: 50 })).toMatchObject({ status: 0, ending: 'timeout' });
    expect(await (await backend.connection()).closed).toBe('end');
  });

  it('breaks off half-way through an answer: FIN and RST look different', async () => {
    const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.end(half);
    });
    expect(await rawRequest(backend.port, get)).toMatchObject({ ending: 'truncated', text: 'half', clean: false });
    await expect(request(backend.port)).rejects.toBeInstanceOf(BrokenResponse);
    const client = await connectRaw(backend.port);
    backend.script = undefined as never;
    client.close();
    backend.script = async connection => {
      await connection.head();
      connection.respond(half);
      await connection.until('go');
      connection.reset();
    };
    const second = await connectRaw(backend.port);
    second.send(get);
    await second.until('half');
    second.send('go');
    expect(await second.response()).toMatchObject({ ending: 'reset', text: 'half' });
  });

  it('resets a connection before any answer', async () => {
    const backend = await startRawBackend(connection => connection.reset());
    await expect(request(backend.port)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('answers every request of a connection alike', async () => {
    const backend = await startRawBackend(always('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'));
    const client = await connectRaw(backend.port);
    client.send(get);
    expect((await client.response()).text).toBe('x');
    client.send(get + get);
    expect((await client.response()).text).toBe('x');
    expect((await client.response()).text).toBe('x');
    expect((await backend.connection()).heads).toBe(3);
  });
});

describe('the client', () => {
  it('collects informational responses and waits for 100-continue', async () => {
    const backend = await startBackend((incoming, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      incoming.resume().on('end', () => response.end('done'));
    });
    const response = await request(backend.port, { method: 'POST', headers: { expect: '100-continue' }, body: 'late' });
    expect(response.informational.map(one => one.status)).toEqual([100, 103]);
    expect(backend.last.text).toBe('late');
  });

  it('opens a stream at its head and reads on', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const { response } = await open(backend.port);
    const [first] = await response.setEncoding('utf8').take(1).toArray();
    expect(first).toBe('data: 1\n\n');
  });

  it('gives up after its timeout', async () => {
    const backend = await startRawBackend();
    await expect(request(backend.port, { timeout: 30 })).rejects.toThrow('no response head within 30 ms');
  });
});
