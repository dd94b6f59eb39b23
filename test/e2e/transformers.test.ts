import { gzipSync } from 'node:zlib';
import { connect } from 'node:http2';
import { Module } from '@nestjs/common';
import { IsString } from 'class-validator';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Transformer,
  type ExchangeTransformer,
  type TransformedRequest,
  type TransformedResponse,
} from '../../src/index.js';
import { createTestGateway, FakeBackend, stopAll, type TestGateway } from '../../src/testing/index.js';

class MaskOptions {
  @IsString({ each: true })
  fields!: string[];
}

/** Puts `****` in the place of fields of JSON bodies. */
@Transformer('mask', { options: MaskOptions })
class Mask implements ExchangeTransformer {
  readonly maxBody = 1_000;
  #fields: readonly string[] = [];

  configure({ fields }: MaskOptions): void {
    this.#fields = fields;
  }

  wantsBody({ fields }: TransformedResponse): boolean {
    return fields.get('content-type')?.startsWith('application/json') === true;
  }

  transformBody(body: Buffer): string {
    const masked = JSON.parse(body.toString()) as Record<string, unknown>;
    for (const field of this.#fields) if (field in masked) masked[field] = '****';
    return JSON.stringify(masked);
  }
}

@Transformer('heads')
class Heads implements ExchangeTransformer {
  transformRequest(request: TransformedRequest): void {
    if (request.path === '/heads/throw') throw new Error('no such tenant');
    request.path = `/seen${request.path}`;
    request.fields.set('X-Tenant', request.exchange.host);
    request.fields.delete('Cookie');
  }

  transformResponse(response: TransformedResponse): void {
    if (response.fields.has('x-odd')) throw new Error('an odd answer');
    if (response.status === 404) response.status = 410;
    response.fields.append('X-Seen', `${response.exchange.routeName} ${response.status}`);
    response.fields.delete('server');
  }
}

@Module({ providers: [Mask, Heads] })
class TransformerModule {}

const card = { id: 7, card: '4111 1111' };

let backend: FakeBackend;
let gateway: TestGateway;

beforeAll(async () => {
  backend = await FakeBackend.start();
  gateway = await createTestGateway(
    {
      listeners: [{ h2c: true }],
      upstreams: { app: { backends: [backend.url], retries: { attempts: 0 } } },
      routes: [
        {
          name: 'masked',
          match: { path: '/masked/*' },
          upstream: 'app',
          transformers: [{ name: 'mask', fields: ['card'] }],
        },
        { name: 'heads', match: { path: '/heads/*' }, upstream: 'app', transformers: ['heads'] },
        {
          name: 'both',
          match: { path: '/both' },
          upstream: 'app',
          transformers: ['heads', { name: 'mask', fields: ['id'] }],
        },
        { name: 'plain', match: { path: '/*' }, upstream: 'app' },
      ],
    },
    { imports: [TransformerModule] },
  );
});
afterAll(() => stopAll());

/** The reason in the access line of a path. */
const reasonOf = async (path: string) => (await gateway.logged(line => line['path'] === path))['reason'];

describe('a transformer of bodies', () => {
  it('masks a field of a JSON answer, whose length is that of the new body', async () => {
    backend.answersNext({ body: card, headers: { etag: '"a"', 'accept-ranges': 'bytes', digest: 'x' } });
    const response = await gateway.fetch('/masked/1');
    expect(await response.text()).toBe('{"id":7,"card":"****"}');
    const names = ['content-length', 'etag', 'accept-ranges', 'digest'];
    expect(names.map(name => response.headers.get(name))).toEqual(['22', 'W/"a"', null, null]);
    expect(await gateway.logged(({ path }) => path === '/masked/1')).toMatchObject({ status: 200, bytesOut: 22 });
  });

  it('asks for whole bodies that are not compressed, and decompresses what is compressed all the same', async () => {
    backend.answersNext({
      body: gzipSync(JSON.stringify(card)),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    const response = await gateway.fetch('/masked/2', { headers: { range: 'bytes=0-3', 'accept-encoding': 'gzip' } });
    expect([response.headers.get('content-encoding'), await response.json()]).toEqual([null, { id: 7, card: '****' }]);
    const { headers } = backend.lastRequest;
    expect([headers['accept-encoding'], headers['range']]).toEqual(['identity', undefined]);
  });

  it('leaves bodies alone that it does not want, and answers that have none', async () => {
    backend.answersNext({ body: 'card 4111' });
    expect(await (await gateway.fetch('/masked/3')).text()).toBe('card 4111');
    backend.answersNext({ status: 304, headers: { etag: '"a"', 'content-type': 'application/json' } });
    const unchanged = await gateway.fetch('/masked/4', { headers: { 'if-none-match': 'W/"a"' } });
    expect([unchanged.status, unchanged.headers.get('etag')]).toEqual([304, 'W/"a"']);
    backend.answersNext({ body: card });
    const head = await gateway.fetch('/masked/5', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, null]);
  });

  it.each<[string, string, Parameters<FakeBackend['answersNext']>[0], RegExp]>([
    ['is larger than it takes', '/masked/large', { body: { ...card, more: 'x'.repeat(1_000) } }, /^transformer mask: the body is larger than 1000 bytes$/],
    ['decompresses to more', '/masked/bomb', { body: gzipSync(`"${'x'.repeat(2_000)}"`), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }, /^transformer mask: the body cannot be decompressed/],
    ['has a coding that is not known', '/masked/coded', { body: card, headers: { 'content-encoding': 'rot13' } }, /^transformer mask: the body is coded as rot13$/],
    ['it cannot read', '/masked/broken', { body: '{"card":', headers: { 'content-type': 'application/json' } }, /^transformer mask: .*JSON/],
    ['is a part that was not asked for', '/masked/part', { status: 206, body: card }, /^transformer mask: the backend has sent a part/],
  ])('has nothing sent of a body that %s', async (_, path, answer, reason) => {
    backend.answersNext(answer);
    const response = await gateway.fetch(path);
    expect([response.status, response.headers.get('x-gateway-error')]).toEqual([500, 'INTERNAL']);
    expect(await response.text()).not.toContain('4111');
    expect(await reasonOf(path)).toMatch(reason);
  }); // prettier-ignore

  it('has a body that breaks off answered with 502: the client has seen nothing of it', async () => {
    backend.answersNext({ body: { ...card, more: 'x'.repeat(500) }, fault: 'half' });
    const response = await gateway.fetch('/masked/half');
    expect([response.status, response.headers.get('x-gateway-error')]).toEqual([502, 'BODY_BROKEN']);
    expect(await response.text()).not.toContain('4111');
  });

  it('lets event streams pass', async () => {
    backend.answersNext({ events: [{ data: 'card' }] });
    const response = await gateway.fetch('/masked/events', { headers: { accept: 'text/event-stream' } });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('data: card\n\n');
    backend.endEvents();
    expect((await reader.read()).done).toBe(true);
  });

  it('works on HTTP/2', async () => {
    backend.answersNext({ body: card });
    const session = connect(gateway.url());
    const stream = session.request({ ':path': '/masked/h2' });
    const head = await new Promise<Record<string, unknown>>(resolve => stream.once('response', resolve));
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    session.close();
    expect([head[':status'], head['content-length'], text]).toEqual([200, '22', '{"id":7,"card":"****"}']);
  });
});

describe('a transformer of heads', () => {
  it('changes path and fields of requests, status and fields of answers', async () => {
    backend.answersNext({ status: 404, headers: { server: 'old' }, body: 'gone' });
    const response = await gateway.fetch('/heads/a?b=1', { headers: { cookie: 'a=b' } });
    const { headers, url } = backend.lastRequest;
    expect([url, headers['x-tenant'], headers['cookie']]).toEqual(['/seen/heads/a?b=1', '127.0.0.1', undefined]);
    expect([response.status, response.headers.get('server'), response.headers.get('x-seen')]).toEqual([
      410,
      null,
      'heads 410',
    ]);
    expect(await response.text()).toBe('gone');
    expect(await gateway.logged(({ path }) => path === '/heads/a')).toMatchObject({ status: 410 });
  });

  it('ends a request with 500 when it throws, before a backend has it or after', async () => {
    const before = backend.requests.length;
    const early = await gateway.fetch('/heads/throw');
    expect([early.status, backend.requests.length]).toEqual([500, before]);
    expect(await reasonOf('/heads/throw')).toBe('transformer heads: no such tenant');
    backend.answersNext({ headers: { 'x-odd': '1' }, body: 'secret' });
    const late = await gateway.fetch('/heads/odd');
    expect([late.status, await late.text()]).toEqual([500, expect.not.stringContaining('secret')]);
    backend.answersNext({ headers: { 'x-odd': '1' }, events: [{ data: 'secret' }] });
    const stream = await gateway.fetch('/heads/stream', { headers: { accept: 'text/event-stream' } });
    expect([stream.status, await stream.text()]).toEqual([500, expect.not.stringContaining('secret')]);
    expect((await gateway.fetch('/heads/fine')).status).toBe(200);
  });

  it('sees upgrades', async () => {
    const client = new WebSocket(`${gateway.url().replace('http', 'ws')}/heads/ws`);
    const seen = new Promise(resolve => client.once('upgrade', ({ headers }) => resolve(headers['x-seen'])));
    await new Promise(resolve => client.once('open', resolve));
    expect([await seen, backend.lastRequest.url]).toEqual(['heads 101', '/seen/heads/ws']);
    client.terminate();
  });

  it('stands before others of its route, and leaves other routes alone', async () => {
    backend.answersNext({ body: card });
    const response = await gateway.fetch('/both');
    expect([response.headers.get('x-seen'), await response.json()]).toEqual(['both 200', { ...card, id: '****' }]);
    backend.answersNext({ body: card });
    const plain = await gateway.fetch('/plain', { headers: { 'accept-encoding': 'gzip' } });
    expect([plain.headers.get('x-seen'), await plain.json()]).toEqual([null, card]);
    expect(backend.lastRequest.headers['accept-encoding']).toBe('gzip');
  });
});

describe('transformers in a configuration', () => {
  it('are refused where no class has their name, and where their options are wrong', async () => {
    const started = (transformers: (string | { readonly name: string })[]) =>
      createTestGateway(
        { upstreams: { app: { backends: [backend.url] } }, routes: [{ upstream: 'app', transformers }] },
        { imports: [TransformerModule] },
      );
    await expect(started(['maks'])).rejects.toThrow(
      'routes[0].transformers[0]: no transformer is named "maks", known are heads, mask (did you mean "mask"?)',
    );
    await expect(started([{ name: 'mask' }])).rejects.toThrow('routes[0].transformers[0].fields: ');
  });
});
