import { METHODS } from 'node:http';
import { expect } from 'vitest';
import { answer, startBackend } from '../../support/backend.js';
import { connectRaw, rawRequest } from '../../support/client.js';
import { namesOf, valueOf, valuesOf } from '../../support/header-list.js';
import { startRawBackend } from '../../support/raw-backend.js';
import { handshake } from '../../support/upgrade-scene.js';
import type { Contract } from './contract.js';
import { fieldsLike, headOf, message, ok, seenHead } from './wire.js';

/** How the gateway signs in Via. */
const signed = (version: string): unknown =>
  expect.stringMatching(new RegExp(`^${version.replace('.', '\\.')} gatehouse-[\\da-f]{12}$`));

const targets = [
  '/',
  '/%zz',
  '/%',
  '/a%2Fb%2f%5Cc',
  '//a///b//',
  '/a;p=1;q/b;r',
  '/%41%7e%C3%A9',
  "/a:b@c!$&'()*+,=",
  '/a|b^c`d{e}"<f>',
  '/?',
  '/a?',
  '/a?b?c/d//e',
  '/a?x=1&x=2&&=&y=%zz&z=%00',
  '/a?to=http://other.example/%2F..%2f&q=a+b',
];

/** The request line and the fields of the request, as the backend sees them. */
export function requestHead(contract: Contract): void {
  contract.rule('passes every method on', async running => {
    const backend = await startBackend(answer(204));
    const { port } = await running.start(backend);
    const methods = METHODS.filter(method => method !== 'CONNECT');
    const client = await connectRaw(port);
    for (const method of methods) {
      client.send(message(`${method} /`));
      expect((await client.response({ method })).status).toBe(204);
    }
    expect(backend.requests.map(request => request.method)).toEqual(methods);
  });

  contract.rule('passes path and query on byte for byte', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    const client = await connectRaw(port);
    for (const target of targets) {
      client.send(message(`GET ${target}`));
      expect((await client.response()).status).toBe(200);
    }
    const { text } = await backend.connection();
    expect(text.match(/^GET .* HTTP\/1\.1$/gm)).toEqual(targets.map(target => `GET ${target} HTTP/1.1`));
  });

  contract.rule('refuses bytes beyond ASCII in a target', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    const response = await rawRequest(port, message('GET /\xc3\xa9'));
    expect([response.status, response.header('x-gateway-error')]).toEqual([400, 'DENIED']);
    expect(backend.connections).toEqual([]);
  });

  contract.rule('passes bytes beyond ASCII in a field on as they are, with a body or without', async running => {
    const name = 'X-Name: zwei \xc3\xbc';
    for (const [method, fields, body] of [
      ['GET', ['Accept: text/event-stream'], ''],
      ['POST', ['Content-Length: 2'], 'hi'],
      ['POST', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'],
    ] as const) {
      const seen = await seenHead(running, message(`${method} /`, [name, ...fields], body));
      expect(valuesOf(seen.fields, 'x-name')).toEqual(['zwei \xc3\xbc']);
    }
  });

  contract.rule('passes a very long path on', async running => {
    const path = `/${'long/'.repeat(3000)}`;
    expect((await seenHead(running, message(`GET ${path}`))).line).toBe(`GET ${path} HTTP/1.1`);
  });

  contract.rule('sends the path of a target in absolute form, and its authority as Host', async running => {
    const { line, fields } = await seenHead(running, message('GET http://other.example:81/a//b?c'));
    expect(line).toBe('GET /a//b?c HTTP/1.1');
    expect(valuesOf(fields, 'host')).toEqual(['other.example:81']);
  });

  contract.rule('passes OPTIONS * on as it is', async running => {
    expect((await seenHead(running, message('OPTIONS *'))).line).toBe('OPTIONS * HTTP/1.1');
  });

  contract.rule('keeps order, spelling and values of request fields', async running => {
    const sent = ['X-Zeta: 1', 'x-ALPHA:   two  ', 'X-empty:', 'X-Bytes: \xe9\xff', 'x-beta: a,b;c="d, e"'];
    const { fields } = await seenHead(running, message('GET /', sent));
    const expected = ['X-Zeta', '1', 'x-ALPHA', 'two', 'X-empty', '', 'X-Bytes', '\xe9\xff', 'x-beta', 'a,b;c="d, e"'];
    expect(fieldsLike(fields, 'x-').slice(0, expected.length)).toEqual(expected);
  });

  contract.rule('has the fields that it writes itself in the places that the docs tell', async running => {
    const own = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'Forwarded'];
    own.push('X-Real-IP', 'X-Request-Id', 'Via');
    const sent = ['X-One: 1', 'Content-LENGTH: 2', 'VIA: 1.0 a', 'MAX-Forwards: 3', 'X-two: 2'];
    const all = ['Host', 'X-One', 'X-two', 'Content-Length', 'Max-Forwards', ...own, 'Connection'];
    const plain = await seenHead(running, message('POST /', sent, 'hi'));
    expect(namesOf(plain.fields)).toEqual(all);

    const carried = await seenHead(running, message('POST /', [...sent, 'Expect: 100-continue'], 'hi'));
    expect(namesOf(carried.fields)).toEqual([...all.slice(0, -1), 'Expect', 'Connection']);
    const accepting = await seenHead(running, message('POST /', [...sent, 'te: trailers'], 'hi'));
    expect(namesOf(accepting.fields)).toEqual([...all.slice(0, 4), 'TE', ...all.slice(4)]);

    const empty = await seenHead(running, message('DELETE /', ['Content-Length: 0']));
    expect(valuesOf(empty.fields, 'content-length')).toEqual(['0']);
  });

  contract.rule('keeps repeated request fields apart and in order', async running => {
    const { fields } = await seenHead(running, message('GET /', ['X-More: 1', 'X-More: 2', 'Accept: a', 'Accept: b']));
    expect(valuesOf(fields, 'x-more')).toEqual(['1', '2']);
    expect(valuesOf(fields, 'accept')).toEqual(['a', 'b']);
  });

  contract.rule('keeps the place and spelling of each repeated request field', async running => {
    const { fields } = await seenHead(running, message('GET /', ['X-A: 1', 'X-B: 2', 'x-a: 3', 'X-B: 4']));
    expect(fieldsLike(fields, 'x-').slice(0, 8)).toEqual(['X-A', '1', 'X-B', '2', 'x-a', '3', 'X-B', '4']);
  });

  contract.rule('passes repeated Cookie fields on as they came', async running => {
    const { fields } = await seenHead(running, message('GET /', ['Cookie: a=1', 'Cookie: b=2']));
    expect(valuesOf(fields, 'cookie')).toEqual(['a=1', 'b=2']);
  });

  contract.rule('adds nothing to a request but what it says', async running => {
    const { fields } = await seenHead(running, message('GET /'));
    const names = namesOf(fields).map(name => name.toLowerCase());
    expect(names.filter(name => name !== 'connection').sort()).toEqual([
      'forwarded',
      'host',
      'via',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-port',
      'x-forwarded-proto',
      'x-real-ip',
      'x-request-id',
    ]);
  });

  contract.rule('removes what ends at this hop, and what Connection names', async running => {
    const sent = [
      'Connection: X-Secret, keep-alive, X-Other',
      'X-Secret: 1',
      'x-other: 2',
      'X-Kept: 3',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: close',
      'Proxy-Authorization: Basic eDp5',
      'TE: gzip, trailers;q=0.5',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABk',
    ];
    const { fields } = await seenHead(running, message('GET /', sent));
    for (const name of [
      'x-secret',
      'x-other',
      'keep-alive',
      'proxy-connection',
      'proxy-authorization',
      'upgrade',
      'http2-settings',
    ]) {
      expect(valuesOf(fields, name), name).toEqual([]);
    }
    expect(valuesOf(fields, 'x-kept')).toEqual(['3']);
    expect(valuesOf(fields, 'connection').join()).not.toMatch(/x-secret|upgrade|http2/i);
  });

  contract.rule('passes TE: trailers on, named by Connection, and no other transfer coding', async running => {
    for (const [line, fields, body] of [
      ['GET /', [], ''],
      ['POST /', ['Content-Length: 2'], 'hi'],
      ['POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'],
      ['GET /', ['Accept: text/event-stream'], ''],
    ] as const) {
      const sent = message(line, ['TE: gzip, trailers', 'Connection: TE', ...fields], body);
      const seen = await seenHead(running, sent);
      expect(valuesOf(seen.fields, 'te')).toEqual(['trailers']);
      expect(valuesOf(seen.fields, 'connection')).toEqual(['keep-alive, TE']);
    }
  });

  contract.rule('keeps the connection of a request that takes trailers', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    for (const _ of [1, 2]) await rawRequest(port, message('GET /', ['TE: trailers', 'Connection: TE']));
    expect((await backend.connection()).heads).toBe(2);
    expect(backend.connections).toHaveLength(1);
  });

  contract.rule('passes no TE on with an upgrade, whose answer has no trailers', async running => {
    const { fields } = await seenHead(running, handshake({ Connection: 'Upgrade, TE', TE: 'trailers' }));
    expect(valuesOf(fields, 'te')).toEqual([]);
    expect(valuesOf(fields, 'connection')).toEqual(['Upgrade']);
  });

  contract.rule('does not let Connection remove the fields that frame or address the message', async running => {
    const { fields } = await seenHead(
      running,
      message('POST /', ['Connection: Host, Content-Length, X-Forwarded-For, Via', 'Content-Length: 2'], 'hi'),
    );
    expect(valuesOf(fields, 'host')).toEqual(['shop.example']);
    expect(valuesOf(fields, 'content-length')).toEqual(['2']);
    expect(valuesOf(fields, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(fields, 'via')).toEqual([signed('1.1')]);
  });

  contract.rule('does not pass an upgrade to h2c on, and answers without one', async running => {
    const { fields, response } = await seenHead(
      running,
      message('GET /', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']),
    );
    expect(fieldsLike(fields, 'upgrade')).toEqual([]);
    expect(response.status).toBe(200);
  });

  contract.rule('appends itself to Via, with the version that the client spoke', async running => {
    const appended = await seenHead(running, message('GET /', ['Via: 1.0 fred', 'Via: 1.1 p.example.net (x)']));
    expect(valuesOf(appended.fields, 'via')).toEqual([
      expect.stringMatching(/^1\.0 fred, 1\.1 p\.example\.net \(x\), 1\.1 gatehouse-[\da-f]{12}$/),
    ]);
    const old = await seenHead(running, 'GET / HTTP/1.0\r\n\r\n');
    expect(valuesOf(old.fields, 'via')).toEqual([signed('1.0')]);
  });

  contract.rule('counts Max-Forwards down for OPTIONS and TRACE, and passes it on for others', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    for (const method of ['OPTIONS', 'TRACE', 'GET'])
      await rawRequest(port, message(`${method} /`, ['Max-Forwards: 3']));
    const heads = (await backend.connection()).text.split('\r\n\r\n').filter(text => text !== '');
    expect(heads.map(head => valueOf(headOf(`${head}\r\n\r\n`).fields, 'max-forwards'))).toEqual(['2', '2', '3']);
  });

  contract.rule('is itself the end of OPTIONS and TRACE with Max-Forwards 0', async running => {
    const backend = await startRawBackend(ok);
    const { port } = await running.start(backend);
    const trace = await rawRequest(port, message('TRACE /a', ['Max-Forwards: 0', 'Cookie: secret=1', 'X-Seen: yes']));
    expect([trace.status, trace.header('content-type')]).toEqual([200, 'message/http']);
    expect(trace.text).toContain('TRACE /a HTTP/1.1\r\n');
    expect(trace.text).toContain('X-Seen: yes');
    expect(trace.text).not.toContain('secret');
    expect((await rawRequest(port, message('OPTIONS /', ['Max-Forwards: 0']))).status).toBe(204);
    expect(backend.connections).toEqual([]);
  });
}
