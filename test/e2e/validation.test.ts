import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildConfig } from '../../src/config/loading/load-config.js';
import { type Echo, startBackend, type TestBackend } from '../support/backend.js';
import { connectRaw, rawRequest, request, type Response } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { tempFolder } from '../support/temp.js';

const order = {
  type: 'object',
  required: ['item', 'amount'],
  properties: {
    item: { type: 'string', minLength: 1, maxLength: 20 },
    amount: { type: 'integer', minimum: 1 },
    lines: { type: 'array', items: { type: 'integer' } },
  },
};

interface Problem {
  readonly detail: string;
  readonly errors?: readonly { readonly detail: string; readonly pointer: string }[];
}

async function schemaFile(schema: unknown): Promise<string> {
  const file = join(await tempFolder(), 'schema.json');
  await writeFile(file, JSON.stringify(schema));
  return file;
}

describe('a request', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startBackend();
    const only = (path: string, validation: object): object => ({
      match: { path },
      upstream: 'app',
      security: { validation },
    });
    gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      routes: [
        only('/types', { contentTypes: ['application/json', 'image/*'] }),
        only('/required', { requireHeaders: ['X-Tenant'] }),
        only('/removed', { underscoreHeaders: 'remove' }),
        only('/rejected', { underscoreHeaders: 'reject' }),
        only('/orders', { maxBody: '1mb', body: { schema: await schemaFile(order) } }),
        { upstream: 'app' },
      ],
    });
  });

  const post = (path: string, body: string | Buffer, type?: string, more: object = {}): Promise<Response> =>
    request(gateway.port, {
      path,
      method: 'POST',
      body,
      headers: { ...(type === undefined ? {} : { 'content-type': type }), ...more },
    });

  it.each([
    ['application/json', 200],
    ['Application/JSON;charset=utf-8', 200],
    ['image/webp', 200],
    ['text/plain', 415],
    [undefined, 415],
  ])('with a body of the type %s is answered with %i', async (type, status) => {
    const response = await post('/types', 'x', type);
    expect(response.status).toBe(status);
    if (status === 415) expect(response.header('accept')).toBe('application/json, image/*');
  });

  it('without a body needs no type; with a body of unknown length it does', async () => {
    expect((await request(gateway.port, { path: '/types' })).status).toBe(200);
    expect((await request(gateway.port, { path: '/types', method: 'POST' })).status).toBe(200);
    const head = 'POST /types HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n';
    expect((await rawRequest(gateway.port, `${head}\r\n1\r\nx\r\n0\r\n\r\n`)).status).toBe(415);
  });

  it('cannot show the gateway one type and its backend another', async () => {
    const head = 'POST /types HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Type: application/json\r\n';
    expect((await rawRequest(gateway.port, `${head}Content-Type: text/xml\r\n\r\n{}`)).status).toBe(400);
    const named = await rawRequest(gateway.port, `${head}Connection: content-type, close\r\n\r\n{}`);
    expect(named.status).toBe(200);
    expect(backend.last.header('content-type')).toBe('application/json');
  });

  it('must have the fields that are required', async () => {
    const response = await request(gateway.port, { path: '/required' });
    expect(response.status).toBe(400);
    expect(response.json<Problem>().detail).toBe('The request must have the header field x-tenant.');
    expect((await request(gateway.port, { path: '/required', headers: { 'X-TENANT': 'a' } })).status).toBe(200);
    const dropped = { 'x-tenant': 'a', connection: 'close, x-tenant' };
    expect((await request(gateway.port, { path: '/required', headers: dropped })).status).toBe(400);
  });

  it('loses its fields with an underscore, is refused with them, or keeps them', async () => {
    const headers = ['X_User', 'root', '__proto__', 'a', 'X-User', 'ann', 'X_Forwarded_For', '1.2.3.4'];
    const removed = await request(gateway.port, { path: '/removed', headers });
    const seen = removed.json<Echo>().headers.map(text => text.toLowerCase());
    expect(seen.filter(text => text.includes('_'))).toEqual([]);
    expect(seen[seen.indexOf('x-user') + 1]).toBe('ann');
    expect((await request(gateway.port, { path: '/rejected', headers })).status).toBe(400);
    const kept = (await request(gateway.port, { path: '/', headers })).json<Echo>().headers;
    expect(kept).toEqual(expect.arrayContaining(['X_User', '__proto__']));
    expect(kept).not.toContain('X_Forwarded_For');
  });

  it('with two Hosts is refused, and so is one without', async () => {
    expect((await rawRequest(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')).status).toBe(400);
    expect((await rawRequest(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n')).status).toBe(400);
    expect((await rawRequest(gateway.port, 'GET / HTTP/1.1\r\n\r\n')).status).toBe(400);
  });

  it('for an absolute URL is for the host in it, with any Host field', async () => {
    const hosts = await startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      routes: [
        { match: { hosts: ['inner.example'] }, respond: { status: 403, body: 'inner' } },
        { match: { hosts: ['outer.example'] }, upstream: 'app' },
      ],
    });
    const ask = (url: string, host: string) =>
      rawRequest(hosts.port, `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect((await ask('http://inner.example/', 'outer.example')).status).toBe(403);
    expect((await ask('http://outer.example/x', 'inner.example')).status).toBe(200);
    expect(backend.last.header('host')).toBe('outer.example');
    expect(backend.last.url).toBe('/x');
  });

  it('with a body that satisfies the schema is passed on byte by byte', async () => {
    const body = '{ "amount" : 2,\t"item":"b\\u00fccher", "__proto__": {"polluted": true} }\n';
    const response = await post('/orders', body, 'application/vnd.order+json; charset=UTF-8');
    expect(response.status).toBe(200);
    expect(backend.last.text).toBe(body);
    expect('polluted' in {}).toBe(false);
  });

  it('with a body that does not satisfy it learns where, but not what it sent', async () => {
    const before = backend.requests.length;
    const response = await post('/orders', '{"item":"","amount":0.5,"lines":[1,"s3cret"]}', 'application/json');
    expect(response.status).toBe(422);
    expect(response.header('content-type')).toBe('application/problem+json');
    expect(response.json<Problem>().errors).toEqual([
      { detail: 'must NOT have fewer than 1 characters', pointer: '#/item' },
      { detail: 'must be integer', pointer: '#/amount' },
      { detail: 'must be >= 1', pointer: '#/amount' },
      { detail: 'must be integer', pointer: '#/lines/1' },
    ]);
    expect(response.text).not.toContain('s3cret');
    expect(backend.requests).toHaveLength(before);
  });

  it.each([
    ['is no JSON', 'amount=1', 'application/json', {}, 400],
    ['is empty', '', 'application/json', {}, 400],
    ['is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json', {}, 400],
    ['nests 100,000 levels deep', '['.repeat(100_000), 'application/json', {}, 400],
    ['is of another type', '{}', 'text/plain', {}, 415],
    ['is compressed', gzipSync('{}'), 'application/json', { 'content-encoding': 'gzip' }, 415],
    ['is too large', ' '.repeat(1024 * 1024 + 1), 'application/json', {}, 413],
  ])('with a body that %s never reaches the backend', async (_, body, type, more, status) => {
    const before = backend.requests.length;
    expect((await post('/orders', body, type, more)).status).toBe(status);
    expect(backend.requests).toHaveLength(before);
  });

  it('with a body of unknown length is looked at as a whole', async () => {
    const chunked = async function* (...parts: string[]): AsyncGenerator<string> {
      yield* parts;
    };
    const send = (...parts: string[]): Promise<Response> =>
      request(gateway.port, {
        path: '/orders',
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: chunked(...parts),
      });
    expect((await send('{"item":"a', 'b","amo', 'unt":1}')).status).toBe(200);
    expect((await send('{"item":"a', 'b","amo', 'unt":-1}')).status).toBe(422);
    expect((await send(...Array.from({ length: 20 }, () => ' '.repeat(64 * 1024)))).status).toBe(413);
  });

  it('that waits for leave to send its body hears of a wrong type before, and gets leave else', async () => {
    const head = (type: string): string =>
      `POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 23\r\nExpect: 100-continue\r\n\r\n`;
    expect((await rawRequest(gateway.port, head('text/plain'))).status).toBe(415);
    const client = await connectRaw(gateway.port);
    client.send(head('application/json'));
    await client.until('100 Continue');
    client.send('{"item":"a","amount":1}');
    expect((await client.response({ method: 'POST' })).status).toBe(200);
  });

  it('without a body is let pass where none is needed', async () => {
    expect((await request(gateway.port, { path: '/orders' })).status).toBe(200);
    expect((await request(gateway.port, { path: '/orders', method: 'POST' })).status).toBe(400);
  });
});

describe('a configuration that validates bodies', () => {
  const configured = (validation: object, route: object = {}): object => ({
    upstreams: { app: { backends: ['http://127.0.0.1:1'] } },
    routes: [{ upstream: 'app', security: { validation: route } }],
    security: { validation },
  });

  it('must bound them, on each route', async () => {
    const body = { schema: await schemaFile(order) };
    const unbounded = 'bodies are held in memory to look at them: maxBody must bound them';
    expect(() => buildConfig(configured({ body }))).toThrow(`security.validation.body: ${unbounded}`);
    expect(() => buildConfig(configured({}, { body }))).toThrow(`routes[0].security.validation.body: ${unbounded}`);
    expect(() => buildConfig(configured({ body }, { maxBody: '1kb' }))).not.toThrow();
    expect(() => buildConfig(configured({ maxBody: '1kb' }, { body }))).not.toThrow();
    expect(() => buildConfig(configured({ maxBody: '1kb' }, { body, maxBody: '0b' }))).toThrow(unbounded);
  });

  it('must name a schema that can be used', async () => {
    const schema = await schemaFile({ pattern: '^(?=a)b' });
    const validation = { maxBody: '1kb', body: { schema } };
    const complaint = /^security\.validation\.body\.schema: the schema ".+" cannot be used: #\/pattern .+$/;
    expect(() => buildConfig(configured(validation))).toThrow(complaint);
    await expect(startInProcess(configured(validation))).rejects.toThrow(complaint);
  });
});
