import { expect } from 'vitest';
import { refusedPort, startBackend } from '../../support/backend.js';
import { rawRequest } from '../../support/client.js';
import { type Certificate, makeCertificate } from '../../support/certificate.js';
import { tempFolder } from '../../support/temp.js';
import { type RawScript, startRawBackend } from '../../support/raw-backend.js';
import type { Contract } from './contract.js';
import { message, reply } from './wire.js';

const afterHead =
  (bytes: string, last: 'end' | 'reset' | 'stay' = 'end'): RawScript =>
  async connection => {
    await connection.head();
    connection.respond(bytes);
    if (last === 'end') connection.end();
    else if (last === 'reset') setImmediate(() => connection.reset());
  };

/** What a backend does, and the code that it is answered by with 502. */
const broken: Readonly<Record<string, readonly [RawScript, string]>> = {
  'closes before the head': [afterHead(''), 'RESET'],
  'resets before the head': [afterHead('', 'reset'), 'RESET'],
  'closes in the head': [afterHead('HTTP/1.1 200 OK\r\nContent-Le'), 'RESET'],
  'resets in the head': [afterHead('HTTP/1.1 200 OK\r\nContent-Le', 'reset'), 'RESET'],
  'says something that is not HTTP': [afterHead('220 smtp.example ESMTP\r\n\r\n', 'stay'), 'PROTOCOL'],
  'sends a field without a colon': [afterHead('HTTP/1.1 200 OK\r\nno colon here\r\n\r\n', 'stay'), 'PROTOCOL'],
  'sends two different lengths': [
    afterHead('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc', 'stay'),
    'PROTOCOL',
  ],
  'sends a length that is no number': [afterHead('HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\na', 'stay'), 'PROTOCOL'],
  'sends a length and chunks': [
    afterHead('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'stay'),
    'PROTOCOL',
  ],
  'sends chunks and the length that they have': [
    afterHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n', 'stay'),
    'PROTOCOL',
  ],
  'switches protocols unasked': [
    afterHead('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 'stay'),
    'PROTOCOL',
  ],
};

/** Responses that break after their head. */
const cut: Readonly<Record<string, RawScript>> = {
  'closes before the declared length': afterHead('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'),
  'resets before the declared length': afterHead('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', 'reset'),
  'closes within chunks': afterHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
  'closes before the last chunk ends': afterHead(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n',
  ),
  'resets within chunks': afterHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'reset'),
  'resets within chunks of a last response': afterHead(
    'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    'reset',
  ),
  'resets before the length of a last response': afterHead(
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhalf',
    'reset',
  ),
  'sends a chunk size that is none': afterHead(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz\r\n',
    'stay',
  ),
  'resets a body without length': afterHead('HTTP/1.1 200 OK\r\n\r\nhalf', 'reset'),
};

/** What follows a response that is whole, in the same packet. */
const stray: Readonly<Record<string, RawScript>> = {
  'says more than the declared length': afterHead('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokEXTRA', 'stay'),
  'says more behind the last chunk': afterHead(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nEXTRA',
    'stay',
  ),
};

/** Bodies that break in the packet that they begin in. */
const brokenAtOnce: Readonly<Record<string, RawScript>> = {
  'sends a chunk size that is none': afterHead(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz\r\n',
    'stay',
  ),
  'sends more than a chunk may have': afterHead(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalfmore\r\n',
    'stay',
  ),
};

/** A request without a body, and one with a body of unknown length. */
const requests = [message('GET /'), message('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n')];

/** Backends that break. The gateway answers 502, or cuts the response so that the client sees the break. */
export function failures(contract: Contract): void {
  contract.rule('answers 502 when a backend refuses the connection', async running => {
    const { port, logged } = await running.start(`http://127.0.0.1:${await refusedPort()}`);
    for (const sent of [message('GET /'), message('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n')]) {
      const response = await rawRequest(port, sent);
      expect([response.status, response.header('x-gateway-error')]).toEqual([502, 'CONNECT_FAILED']);
      expect(response.text).not.toMatch(/127\.0\.0\.1|ECONN/);
    }
    expect(await logged()).toMatchObject({
      error: 'CONNECT_FAILED',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  for (const [what, [script, code]] of Object.entries(broken)) {
    contract.rule(`answers 502 when a backend ${what}`, async running => {
      for (const sent of [
        message('GET /'),
        message('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'),
      ]) {
        const backend = await startRawBackend(script);
        const { port, logged } = await running.start(backend);
        const response = await rawRequest(port, sent);
        expect([response.status, response.header('x-gateway-error')]).toEqual([502, code]);
        expect(response.header('content-type')).toBe('application/problem+json');
        expect(await logged()).toMatchObject({ status: 502, error: code, attempts: 1 });
        await (
          await backend.connection()
        ).closed;
      }
    });
  }

  for (const [what, script] of Object.entries(cut)) {
    contract.rule(`cuts the response when a backend ${what}`, async running => {
      for (const sent of [
        message('GET /'),
        message('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'),
        'GET / HTTP/1.0\r\n\r\n',
      ]) {
        const backend = await startRawBackend(script);
        const { port, logged } = await running.start(backend);
        const response = await rawRequest(port, sent);
        expect([response.clean, 'half'.startsWith(response.text)], response.ending).toEqual([false, true]);
        expect(await logged()).toMatchObject({ error: 'BODY_BROKEN' });
      }
    });
  }

  for (const [what, script] of Object.entries(stray)) {
    contract.rule(`takes a whole response from a backend that ${what}`, async running => {
      for (const sent of requests) {
        const backend = await startRawBackend(script);
        const { port, logged } = await running.start(backend);
        const response = await rawRequest(port, sent);
        expect([response.status, response.text, response.clean]).toEqual([200, 'ok', true]);
        expect(await logged()).toMatchObject({ status: 200, bytesOut: 2 });
        expect((await logged())['error']).toBeUndefined();
        await (
          await backend.connection()
        ).closed;
      }
    });
  }

  for (const [what, script] of Object.entries(brokenAtOnce)) {
    contract.rule(`passes on what came before the break when a backend ${what}, all at once`, async running => {
      for (const sent of requests) {
        const backend = await startRawBackend(script);
        const { port, logged } = await running.start(backend);
        const response = await rawRequest(port, sent);
        expect([response.status, response.text, response.clean], response.ending).toEqual([200, 'half', false]);
        expect(await logged()).toMatchObject({ status: 200, error: 'BODY_BROKEN', bytesOut: 4 });
      }
    });
  }

  contract.rule('takes one response for a request, and drops a connection that says more', async running => {
    const backend = await startRawBackend(afterHead(reply('200 OK', [], 'one') + reply('200 OK', [], 'two'), 'stay'));
    const { port } = await running.start(backend);
    expect((await rawRequest(port, message('GET /'))).text).toBe('one');
    backend.script = afterHead(reply('200 OK', [], 'three'), 'stay');
    expect((await rawRequest(port, message('GET /'))).text).toBe('three');
    await (
      await backend.connection(1)
    ).closed;
  });

  contract.rule('answers 502 when the certificate of a backend is not for its address', async running => {
    const { certFile, cert, key } = await certificate('other.example');
    const backend = await startBackend(undefined, { tls: { cert, key } });
    const { port } = await running.start(backend.url, { upstream: { tls: { ca: certFile } } });
    for (const sent of [message('GET /'), message('POST /', ['Transfer-Encoding: chunked'], '0\r\n\r\n')]) {
      const response = await rawRequest(port, sent.replace('shop.example', 'other.example'));
      expect([response.status, response.header('x-gateway-error')]).toEqual([502, 'CONNECT_FAILED']);
    }
    expect(backend.requests).toEqual([]);
  });

  contract.rule('verifies the certificate of a backend for its address, with any Host field', async running => {
    const { certFile, cert, key } = await certificate('127.0.0.1');
    const backend = await startBackend(undefined, { tls: { cert, key } });
    const { port } = await running.start(backend.url, { upstream: { tls: { ca: certFile } } });
    for (const sent of [message('GET /'), message('POST /', ['Transfer-Encoding: chunked'], '0\r\n\r\n')]) {
      expect((await rawRequest(port, sent)).status).toBe(200);
    }
  });

  contract.rule('reaches a backend on a unix socket', async running => {
    const socketPath = `${await tempFolder()}/app.sock`;
    const backend = await startBackend(undefined, { socketPath });
    const { port } = await running.start(backend.url);
    for (const sent of [message('GET /'), message('POST /', ['Transfer-Encoding: chunked'], '0\r\n\r\n')]) {
      expect((await rawRequest(port, sent)).status).toBe(200);
    }
  });
}

const certificate = (name: string): Promise<Certificate> => makeCertificate({ names: [name] });
