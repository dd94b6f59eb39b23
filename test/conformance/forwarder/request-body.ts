import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { answer, type Echo, startBackend } from '../../support/backend.js';
import { connectRaw, rawRequest, request } from '../../support/client.js';
import { valueOf, valuesOf } from '../../support/header-list.js';
import { startRawBackend } from '../../support/raw-backend.js';
import type { Contract } from './contract.js';
import { headOf, message, ok, reply } from './wire.js';

const large = Buffer.alloc(3 << 20, 'gatehouse');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function* pieces(): AsyncGenerator<Buffer> {
  for (let at = 0; at < large.length; at += 100_000) yield large.subarray(at, at + 100_000);
}

/** Request bodies: framing, trailers, expectations, and answers that come before their end. */
export function requestBody(contract: Contract): void {
  contract.rule('carries a body of declared length', async running => {
    const backend = await startBackend();
    const { port, logged } = await running.start(backend);
    const echo = (await request(port, { method: 'PUT', body: large })).json<Echo>();
    expect([echo.bodyLength, echo.sha256]).toEqual([large.length, sha256(large)]);
    expect(valuesOf(echo.headers, 'content-length')).toEqual([String(large.length)]);
    expect(valuesOf(echo.headers, 'transfer-encoding')).toEqual([]);
    expect((await logged())['bytesIn']).toBe(large.length);
  });

  contract.rule('carries a chunked body', async running => {
    const backend = await startBackend();
    const { port } = await running.start(backend);
    const echo = (await request(port, { method: 'POST', body: pieces() })).json<Echo>();
    expect([echo.bodyLength, echo.sha256]).toEqual([large.length, sha256(large)]);
    expect(valuesOf(echo.headers, 'transfer-encoding')).toEqual(['chunked']);
    expect(valuesOf(echo.headers, 'content-length')).toEqual([]);
  });

  contract.rule('carries bodies of methods that seldom have one', async running => {
    const backend = await startBackend();
    const { port } = await running.start(backend);
    for (const method of ['GET', 'DELETE', 'OPTIONS', 'QUERY']) {
      expect((await request(port, { method, body: 'sized' })).json<Echo>().bodyLength, method).toBe(5);
      const echo = (
        await request(port, { method, headers: ['Transfer-Encoding', 'chunked'], body: 'chunked' })
      ).json<Echo>();
      expect([echo.bodyLength, valueOf(echo.headers, 'transfer-encoding')], method).toEqual([7, 'chunked']);
    }
  });

  contract.rule('carries empty bodies as empty bodies', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    for (const bytes of [
      message('POST /sized', ['Content-Length: 0']),
      message('POST /chunked', ['Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ]) {
      client.send(bytes);
      expect((await client.response()).text).toBe('ok');
    }
    const [first, second] = await Promise.all(
      [1, 2].map(number => backend.connection(number, 500).catch(() => undefined)),
    );
    const all = `${first?.text}${second?.text ?? ''}`;
    expect(headOf(all.slice(all.indexOf('POST /sized'))).fields).toContain('0');
    expect(all.slice(all.indexOf('POST /chunked'))).toMatch(
      /transfer-encoding: chunked\r\n(?:[^]*\r\n)?\r\n0\r\n\r\n/i,
    );
  });

  contract.rule('does not give a body to a request that has none', async running => {
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      const backend = await startRawBackend(ok);
      const { port } = await running.start(backend);
      await rawRequest(port, message(`${method} /`));
      const { fields } = headOf((await backend.connection()).text);
      expect([...valuesOf(fields, 'transfer-encoding'), ...valuesOf(fields, 'content-length')], method).toEqual([]);
    }
  });

  contract.rule('sends the head of a chunked request before its first byte', async running => {
    const backend = await startRawBackend();
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('POST /', ['Transfer-Encoding: chunked']));
    const connection = await backend.connection();
    expect(await connection.head()).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
    client.send('5\r\nhello\r\n0\r\n\r\n');
    expect(await connection.until('\r\n0\r\n\r\n')).toContain('5\r\nhello\r\n');
    connection.respond(reply('200 OK'));
    expect((await client.response()).status).toBe(200);
  });

  contract.rule('carries request trailers', async running => {
    const backend = await startBackend();
    const { port } = await running.start(backend);
    const sent = message(
      'POST /',
      ['Transfer-Encoding: chunked', 'Trailer: X-Sum'],
      '2\r\nhi\r\n0\r\nX-Sum: 42\r\nAuthorization: x\r\n\r\n',
    );
    const echo = (await rawRequest(port, sent)).json<Echo>();
    expect([echo.bodyLength, valueOf(echo.headers, 'trailer')]).toEqual([2, 'X-Sum']);
    expect(echo.trailers).toEqual(['X-Sum', '42']);
  });

  contract.rule('lets the backend say 100 (Continue)', async running => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond('HTTP/1.1 100 Continue\r\n\r\n');
      await connection.until('the body');
      connection.respond(reply('200 OK', [], 'done'));
    });
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('POST /', ['Expect: 100-continue', 'Content-Length: 8']));
    const connection = await backend.connection();
    expect(valuesOf(headOf(await connection.head()).fields, 'expect')).toEqual(['100-continue']);
    await client.until('100 Continue\r\n\r\n');
    expect(connection.text).not.toContain('the body');
    client.send('the body');
    const response = await client.response();
    expect([response.informational.map(({ status }) => status), response.text]).toEqual([[100], 'done']);
  });

  contract.rule('passes a refusal on before the body is sent', async running => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond(reply('417 Expectation Failed', [], 'no'));
    });
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('POST /', ['Expect: 100-continue', 'Content-Length: 100000']));
    const response = await client.response();
    expect([response.status, response.text, response.informational]).toEqual([417, 'no', []]);
    expect(response.header('connection')).toBe('close');
  });

  contract.rule('sends no 100 (Continue) to an HTTP/1.0 client', async running => {
    const backend = await startBackend();
    const { port } = await running.start(backend);
    const response = await rawRequest(
      port,
      'POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
    );
    expect([response.status, response.informational]).toEqual([200, []]);
    expect(response.json<Echo>().bodyLength).toBe(2);
  });

  contract.rule('passes an answer on whole that comes before the end of the request', async running => {
    const body = 'too much '.repeat(1000);
    const backend = await startRawBackend(async connection => {
      await connection.until('\r\n\r\nxxxx');
      connection.end(reply('413 Content Too Large', ['Connection: close', `Content-Length: ${body.length}`], body));
    });
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(message('POST /', ['Content-Length: 50000000'], 'x'.repeat(200_000)));
    const response = await client.response();
    expect([response.status, response.text, response.clean]).toEqual([413, body, true]);
    expect(response.header('connection')).toBe('close');
    client.half();
    expect(await client.closed()).toBe('end');
  });

  contract.rule('answers 413 when a chunked body grows over maxBody', async running => {
    const backend = await startBackend(answer(200), { readBody: false });
    backend.handler = async incoming => {
      for await (const _ of incoming);
    };
    const { port, logged } = await running.start(backend, {
      config: { security: { validation: { maxBody: '10kb' } } },
    });
    const client = await connectRaw(port);
    client.send(message('POST /', ['Transfer-Encoding: chunked'], `4000\r\n${'x'.repeat(0x4000)}\r\n`));
    const response = await client.response();
    expect([response.status, response.header('x-gateway-error')]).toEqual([413, 'BODY_TOO_LARGE']);
    client.close();
    expect(await logged()).toMatchObject({ status: 413, error: 'BODY_TOO_LARGE' });
  });

  contract.rule('answers 400 when the client breaks its own chunked body', async running => {
    const backend = await startBackend();
    const { port, logged } = await running.start(backend);
    const response = await rawRequest(port, message('POST /', ['Transfer-Encoding: chunked'], '5\r\nhello\r\nzz\r\n'));
    expect([response.status, response.header('x-gateway-error')]).toEqual([400, 'CLIENT_BODY']);
    expect(await logged()).toMatchObject({ status: 400, error: 'CLIENT_BODY' });
  });
}
