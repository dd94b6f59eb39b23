import type { ServerResponse } from 'node:http';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Gateway, globalPolicies, SECURITY_HEADERS, SecurityHeadersInterceptor } from '../../src/index.js';
import { connectRaw, request, type RequestOptions, type Response } from '../support/client.js';
import { makeCertificate } from '../support/certificate.js';
import { openStream } from '../support/event-stream.js';
import { connectCleartextHttp2 } from '../support/http2-client.js';
import { hostedGateway, platforms, startHostApp } from '../support/host-app.js';
import {
  Bare,
  Held,
  KnownUser,
  LIMITED,
  Own,
  policiesBy,
  Refusing,
  RefusingController,
  Users,
  VALIDATED,
  Validated,
  WithHeaders,
} from '../support/own-controllers.js';
import { eventually } from '../support/poll.js';

describe.each(platforms)('a controller of one’s own, on %s', platform => {
  let port: number;
  const ask = (path: string, options: RequestOptions = {}): Promise<Response> => request(port, { path, ...options });
  const ann = { 'x-user': 'ann' };

  beforeAll(async () => {
    const metadata = {
      imports: [hostedGateway()],
      controllers: [Own, RefusingController, Validated, Held, WithHeaders],
      providers: [
        Users,
        KnownUser,
        policiesBy(VALIDATED, { validation: { methods: ['GET', 'HEAD'], requireHeaders: ['x-tenant'] } }),
        policiesBy(LIMITED, { concurrency: [{ limit: 2 }, { limit: 1, key: 'header:x-key' }] }),
      ],
    };
    ({ port } = await startHostApp(platform, metadata, { rawBody: true }, app => {
      app.use('/refusing', (_: unknown, response: ServerResponse & { req: { url: string } }, next: () => void) => {
        if (response.req.url.includes('begun')) response.write('the beginning of ');
        next();
      });
    }));
  });

  it('is guarded by policies, which see the request and change it', async () => {
    const response = await ask('/own?a=1?b', { headers: { ...ann, host: 'Shop.example:80', x_known: 'forged' } });
    expect(response.json()).toEqual({
      known: 'http shop.example /own?a=1?b',
      identity: { scheme: 'own', subject: 'ann', claims: {} },
    });
    expect(response.header('x-checked')).toBe('127.0.0.1');
  });

  it('sees the client, host and scheme that a proxy names which the platform trusts', async () => {
    const headers = {
      ...ann,
      'x-forwarded-for': '203.0.113.9, 198.51.100.7',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-proto': 'https',
    };
    const response = await ask('/own', { headers });
    expect(response.json()).toMatchObject({ known: 'https shop.example /own?undefined' });
    expect(response.header('x-checked')).toBe('198.51.100.7');
    const secured = await ask('/headers', { headers });
    expect(secured.header('strict-transport-security')).toMatch(/^max-age=/);
  });

  it('answers denials with problem documents, and HEAD without them', async () => {
    const response = await ask('/own');
    expect(response.status).toBe(401);
    expect(response.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/) as string,
      'x-gateway-error': 'DENIED',
      'x-request-id': expect.stringMatching(/./) as string,
    });
    expect(response.headerValues('www-authenticate')).toEqual(['One', 'Two']);
    expect(response.json()).toMatchObject({
      status: 401,
      detail: 'You are not known.',
      requestId: response.header('x-request-id'),
    });
    expect(response.header('x-checked')).toBe('127.0.0.1');
    const head = await ask('/own', { method: 'HEAD' });
    expect([head.status, head.text, head.header('x-gateway-error')]).toEqual([401, '', 'DENIED']);
    expect(Number(head.header('content-length'))).toBeGreaterThan(100);
  });

  it('has the policies of its handlers asked after its own, with what those found out', async () => {
    const response = await ask('/own/both', { headers: ann });
    expect([response.status, response.text, response.header('x-answer')]).toEqual([418, 'for ann', '1']);
    expect((await ask('/own/both')).status).toBe(401);
  });

  it('has its bodies looked at where the application keeps them, and fails where it does not', async () => {
    const send = (body: string, to = port): Promise<Response> =>
      request(to, {
        path: '/own/body',
        method: 'POST',
        body,
        headers: { ...ann, 'content-type': 'application/json' },
      });
    expect((await send('{"a":"good"}')).json()).toEqual({ a: 'good' });
    for (const detail of ['A bad body.', 'A worse body.']) {
      const bad = await send(JSON.stringify({ a: detail }));
      expect([bad.status, bad.json()]).toMatchObject([422, { detail, type: 'urn:gatehouse:error:DENIED' }]);
    }
    const careless = await startHostApp(platform, { controllers: [Own], providers: [Users] });
    expect((await send('{"a":"bad"}', careless.port)).status).toBe(500);
  });

  it('answers what a policy throws as it would answer the same verdict', async () => {
    const returned = await ask('/refusing?returns');
    const { requestId, ...document } = returned.json<Record<string, unknown>>();
    expect([returned.status, returned.header('retry-after'), document['detail']]).toEqual([429, '7', 'Come later.']);
    expect(requestId).toBe(returned.header('x-request-id'));
    for (const path of ['/refusing?throws', '/refusing?rejects', '/refusing?http']) {
      const thrown = await ask(path);
      expect(thrown.status).toBe(429);
      expect(thrown.header('content-type')).toBe(returned.header('content-type'));
      expect(thrown.json()).toMatchObject(document);
    }
    expect((await ask('/refusing?throws')).header('retry-after')).toBe('7');
    expect((await ask('/refusing?fault')).status).toBe(500);
    expect((await ask('/refusing')).text).toBe('ok');
  });

  it('is cut, and not ended, when a policy denies a response that has begun', async () => {
    const client = await connectRaw(port);
    client.send('GET /refusing?begun&returns HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await eventually(() => client.state !== 'open');
    const received = client.received.toString();
    expect([received.includes('the beginning of '), received.endsWith('0\r\n\r\n')]).toEqual([true, false]);
  });

  it('can use what the configuration of a gateway offers', async () => {
    const headers = { 'x-tenant': 'a' };
    expect((await ask('/validated', { headers })).text).toBe('ok');
    expect((await ask('/validated')).status).toBe(400);
    const posted = await ask('/validated', { method: 'POST', headers });
    expect([posted.status, posted.header('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('has its requests at once counted until their responses are over', async () => {
    const get = (key: string, path = '/held') => ask(path, { headers: { 'x-key': key } });
    for (let round = 0; round < 2; round++) {
      const asked = [get('a'), get('b')];
      await eventually(() => Held.waiting.length === 2);
      const refused = await get('c');
      const told = [refused.status, refused.header('retry-after'), refused.header('x-gateway-error')];
      expect(told).toEqual([429, '1', 'DENIED']);
      for (const go of Held.waiting.splice(0)) go();
      expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(['ok', 'ok']);
      for (let failure = 0; failure < 3; failure++) {
        await eventually(async () => expect((await get('a', '/held/broken')).status).toBe(403));
      }
    }
    const leaving = await connectRaw(port);
    leaving.send('GET /held HTTP/1.1\r\nHost: a.example\r\nX-Key: a\r\n\r\n');
    await eventually(() => Held.waiting.length === 1);
    const stream = await openStream(port, { path: '/held/events', headers: { 'x-key': 'b' } });
    await eventually(() => stream.text.includes('first'));
    expect((await get('c')).status).toBe(429);
    leaving.reset();
    await eventually(async () => expect((await get('c', '/held/broken')).status).toBe(403));
    expect((await get('b', '/held/broken')).status).toBe(429);
    stream.leave();
    await eventually(async () => expect((await get('b', '/held/broken')).status).toBe(403));
    for (const go of Held.waiting.splice(0)) go();
  });

  it('does not start with policies that cannot be had', async () => {
    await expect(startHostApp(platform, { controllers: [Own] })).rejects.toThrow(/Users/);
    await expect(startHostApp(platform, { controllers: [Validated] })).rejects.toThrow(/validated/);
    for (const [security, complaint] of [
      [{ validation: { method: ['GET'] } }, /did you mean "methods"/],
      [{ policies: ['nothing'] }, /^security\.policies\[0\]: no policy is named "nothing"/],
      [{ cors: { origins: ['*'] } }, /^security\.cors: concerns responses/],
      [{ headers: {} }, /SecurityHeadersInterceptor/],
    ] as const) {
      const metadata = {
        imports: [hostedGateway()],
        controllers: [Validated],
        providers: [policiesBy(VALIDATED, security)],
      };
      await expect(startHostApp(platform, metadata)).rejects.toThrow(complaint);
    }
  });

  it('gets security headers from an interceptor, errors too, but for what it says itself', async () => {
    const told = async (path: string): Promise<unknown[]> => {
      const { status, headers } = await ask(path);
      return [status, headers['x-content-type-options'], headers['x-frame-options'], headers['referrer-policy']];
    };
    expect(await told('/headers')).toEqual([200, 'nosniff', 'DENY', 'no-referrer']);
    expect(await told('/headers/framed')).toEqual([200, 'nosniff', 'SAMEORIGIN', 'no-referrer']);
    expect(await told('/headers/denied')).toEqual([403, 'nosniff', 'DENY', 'no-referrer']);
    expect((await ask('/headers')).header('strict-transport-security')).toBeUndefined();
  });

  it('shares policies and the settings of the interceptor with the whole application, over TLS', async () => {
    const { cert, key } = await makeCertificate();
    const metadata = {
      imports: [hostedGateway()],
      controllers: [Bare],
      providers: [
        Users,
        ...globalPolicies(KnownUser, Refusing),
        { provide: SECURITY_HEADERS, useValue: { frameOptions: 'SAMEORIGIN', referrerPolicy: '' } },
        { provide: APP_INTERCEPTOR, useClass: SecurityHeadersInterceptor },
      ],
    };
    const host = await startHostApp(platform, metadata, { httpsOptions: { cert, key } });
    const own = (path: string, headers = {}) => request(host.port, { path, headers, tls: { ca: cert } });
    const { headers, text } = await own('/bare', ann);
    expect(text).toBe('ok');
    expect(headers).toMatchObject({ 'x-frame-options': 'SAMEORIGIN', 'x-content-type-options': 'nosniff' });
    expect(headers['strict-transport-security']).toMatch(/^max-age=/);
    expect(headers['referrer-policy']).toBeUndefined();
    const denied = await own('/bare?returns', ann);
    expect([denied.header('retry-after'), denied.header('content-type')]).toEqual([
      '7',
      expect.stringMatching(/problem\+json/),
    ]);
    expect([denied.status, denied.json()]).toMatchObject([429, { detail: 'Come later.' }]);
    expect((await own('/bare')).headerValues('www-authenticate')).toEqual(['One', 'Two']);
    // What passes through the gateway is the application's as well.
    const through = (path: string, fields = {}) =>
      request(host.app.get(Gateway).listeners[0]!.port!, { path, headers: fields });
    expect((await through('/', ann)).status).toBe(200);
    const refused = await through('/?throws', ann);
    expect([refused.status, refused.header('retry-after'), refused.json()]).toMatchObject([
      429,
      '7',
      { detail: 'Come later.' },
    ]);
    expect((await through('/')).status).toBe(401);
  });
});

it('a controller of one’s own on Fastify is guarded over HTTP/2 as well, bodies without a length too', async () => {
  const metadata = { controllers: [Own, RefusingController], providers: [Users] };
  const { port } = await startHostApp('Fastify over HTTP/2', metadata, { rawBody: true });
  const client = await connectCleartextHttp2(port);
  const refused = await client.request({ headers: { ':path': '/refusing?throws' } });
  expect([refused.status, refused.headers['retry-after'], JSON.parse(refused.text)]).toMatchObject([
    429,
    '7',
    { detail: 'Come later.' },
  ]);
  const sent = { ':method': 'POST', ':path': '/own/body', 'content-type': 'application/json', 'x-user': 'ann' };
  expect((await client.request({ headers: sent, body: '{"a":"good"}' })).status).toBe(201);
  expect((await client.request({ headers: sent, body: '{"a":"bad"}' })).status).toBe(422);
});
