import { expect } from 'vitest';
import { startBackend } from '../../support/backend.js';
import { connectRaw, rawRequest } from '../../support/client.js';
import { namesOf, valuesOf } from '../../support/header-list.js';
import type { RawResponse } from '../../support/http-response.js';
import { always, startRawBackend } from '../../support/raw-backend.js';
import type { Contract, RunningContract } from './contract.js';
import { fieldsLike, message, reply } from './wire.js';

/** What a client gets for a GET when a backend answers with these bytes. */
async function answered(running: RunningContract, bytes: string, sent = message('GET /')): Promise<RawResponse> {
  const backend = await startRawBackend(always(bytes));
  const { port } = await running.start(backend);
  return rawRequest(port, sent);
}

/** The response, as the client sees it. */
export function response(contract: Contract): void {
  contract.rule('passes status, reason and body on', async running => {
    const got = await answered(running, reply('207 Multi Something', [], 'body'));
    expect([got.status, got.reason, got.text, got.httpVersion]).toEqual([207, 'Multi Something', 'body', '1.1']);
    expect((await answered(running, reply('299 ', [], 'x'))).status).toBe(299);
  });

  contract.rule('keeps order, spelling and repetition of response fields', async running => {
    const fields = [
      'X-B: 1',
      'x-a: 2',
      'Set-Cookie: a=1',
      'X-B: 3',
      'set-cookie: b=2; Path=/',
      'x-bytes: \xe9',
      'X-empty:',
      'X-B: 4',
    ];
    const got = await answered(running, reply('200 OK', fields, 'x'));
    const expected = fields.flatMap(field => [
      field.slice(0, field.indexOf(':')),
      field.slice(field.indexOf(':') + 1).trim(),
    ]);
    expect(got.rawHeaders.slice(0, expected.length)).toEqual(expected);
  });

  contract.rule(
    'adds no fields of its own to a response but a missing Date, its framing and the id of the request',
    async running => {
      const got = await answered(running, reply('200 OK', ['Date: Mon, 01 Jan 2024 00:00:00 GMT'], 'x'));
      expect(
        namesOf(got.rawHeaders)
          .map(name => name.toLowerCase())
          .filter(name => name !== 'connection' && name !== 'keep-alive'),
      ).toEqual(['date', 'content-length', 'x-request-id']);
      expect(got.headerValues('date')).toEqual(['Mon, 01 Jan 2024 00:00:00 GMT']);
    },
  );

  contract.rule('removes from a response what ends at this hop, and what Connection names', async running => {
    const fields = [
      'Connection: X-Secret',
      'X-Secret: 1',
      'X-Kept: 2',
      'Keep-Alive: timeout=99',
      'Proxy-Connection: x',
      'Proxy-Authenticate: Basic',
      'Upgrade: h2c',
    ];
    const got = await answered(running, reply('200 OK', fields, 'x'));
    for (const name of ['x-secret', 'proxy-connection', 'proxy-authenticate', 'upgrade'])
      expect(got.headerValues(name), name).toEqual([]);
    expect(got.headerValues('x-kept')).toEqual(['2']);
    expect(got.headerValues('keep-alive').join()).not.toContain('99');
  });

  contract.rule('passes a chunked response on, and its trailers', async running => {
    const got = await answered(
      running,
      reply(
        '200 OK',
        ['Transfer-Encoding: chunked', 'Trailer: X-Sum'],
        '2\r\nhi\r\n4\r\n you\r\n0\r\nX-Sum: 7\r\nX-Sum: 8\r\n\r\n',
      ),
    );
    expect([got.text, got.ending, got.headerValues('trailer')]).toEqual(['hi you', 'chunked', ['X-Sum']]);
    expect(got.rawTrailers).toEqual(['X-Sum', '7', 'X-Sum', '8']);
  });

  contract.rule('passes 103 (Early Hints) on before the response', async running => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n\r\n';
    const got = await answered(running, hints + reply('200 OK', [], 'x'));
    expect(got.informational.map(({ status }) => status)).toEqual([103]);
    expect(valuesOf(got.informational[0]?.rawHeaders ?? [], 'link')).toEqual([
      '</a.css>; rel=preload',
      '</b.js>; rel=preload',
    ]);
    expect(got.text).toBe('x');
  });

  contract.rule('passes the answer to HEAD on without a body, and its Content-Length', async running => {
    const backend = await startRawBackend(always('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n'));
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    for (let count = 0; count < 2; count++) {
      client.send(message('HEAD /'));
      const got = await client.response({ method: 'HEAD' });
      expect([got.status, got.headerValues('content-length'), got.headerValues('transfer-encoding')]).toEqual([
        200,
        ['1234'],
        [],
      ]);
    }
    const bare = await answered(running, 'HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n', message('HEAD /'));
    expect([bare.status, bare.headerValues('content-length')]).toEqual([200, []]);
  });

  contract.rule('passes 204 and 304 on without a body', async running => {
    const heads = { '204 No Content': [], '304 Not Modified\r\nContent-Length: 99': ['99'], '304 Not Modified': [] };
    for (const [head, lengths] of Object.entries(heads)) {
      const backend = await startRawBackend(always(`HTTP/1.1 ${head}\r\n\r\n`));
      const { port, logged } = await running.start(backend);
      const client = await connectRaw(port);
      client.send(message('GET /'));
      const got = await client.response();
      expect([got.headerValues('content-length'), got.headerValues('transfer-encoding')], head).toEqual([lengths, []]);
      const { status, error } = await logged();
      expect([status, error, client.rest.length, client.state], head).toEqual([got.status, undefined, 0, 'open']);
    }
  });

  contract.rule('answers an HTTP/1.0 client without chunks and closes', async running => {
    const backend = await startRawBackend(
      always(reply('200 OK', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n')),
    );
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send('GET / HTTP/1.0\r\n\r\n');
    const got = await client.response();
    expect([got.text, got.ending, got.headerValues('transfer-encoding')]).toEqual(['hello', 'close', []]);
    expect(await client.closed()).toBe('end');
  });

  contract.rule('passes a response on that ends with its connection', async running => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.end('HTTP/1.1 200 OK\r\n\r\nall of it');
    });
    const { port } = await running.start(backend);
    const got = await rawRequest(port, message('GET /'));
    expect([got.text, got.clean]).toEqual(['all of it', true]);
    const old = await rawRequest(port, 'GET / HTTP/1.0\r\n\r\n');
    expect([old.text, old.ending]).toEqual(['all of it', 'close']);
  });

  contract.rule('keeps the connection of a client open over many requests', async running => {
    const backend = await startBackend((_, answer) => answer.setHeader('Connection', 'close').end('x'));
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    for (let count = 0; count < 5; count++) {
      client.send(message('GET /'));
      const got = await client.response();
      expect([got.text, got.headerValues('connection').includes('close')]).toEqual(['x', false]);
    }
    expect(client.state).toBe('open');
  });

  contract.rule('answers requests that are pipelined in their order', async running => {
    const backend = await startBackend((incoming, answer) => answer.end(incoming.url));
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    client.send(['/1', '/2', '/3'].map(path => message(`GET ${path}`)).join(''));
    const paths: string[] = [];
    for (let count = 0; count < 3; count++) paths.push((await client.response()).text);
    expect(paths).toEqual(['/1', '/2', '/3']);
  });

  contract.rule('uses a connection to the backend again', async running => {
    const backend = await startBackend();
    const { port } = await running.start(backend);
    for (const sent of [message('GET /'), message('POST /', ['Content-Length: 2'], 'hi'), message('GET /')]) {
      expect((await rawRequest(port, sent)).status).toBe(200);
    }
    expect(backend.connections).toBe(1);
  });

  contract.rule('uses a connection again after a chunked upload', async running => {
    const backend = await startBackend();
    const { port } = await running.start(backend);
    for (let count = 0; count < 3; count++) {
      await rawRequest(port, message('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'));
    }
    expect(backend.connections).toBe(1);
  });

  contract.rule('passes a large response head on', async running => {
    const fields = Array.from({ length: 150 }, (_, index) => `X-Large-${index}: ${'v'.repeat(250)}`);
    const got = await answered(running, reply('200 OK', fields, 'x'));
    expect(fieldsLike(got.rawHeaders, 'x-large').length / 2).toBe(150);
  });

  contract.rule('answers 502 for a response head over 64 KiB', async running => {
    const got = await answered(running, reply('200 OK', [`X-Huge: ${'v'.repeat(80_000)}`], 'x'));
    expect([got.status, got.header('x-gateway-error')]).toEqual([502, 'PROTOCOL']);
  });
}
