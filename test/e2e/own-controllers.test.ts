import { PassThrough } from 'node:stream';
import { APP_INTERCEPTOR } from '@nestjs/core';
import {
  Body,
  Controller,
  type DynamicModule,
  type FactoryProvider,
  ForbiddenException,
  Get,
  Header,
  Headers,
  Injectable,
  type ModuleMetadata,
  Post,
  Sse,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { type Observable, startWith, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  Answer,
  buildConfig,
  Gateway,
  GatewayError,
  GatewayModule,
  type Identity,
  type PolicyContext,
  PolicyGuard,
  RequestIdentity,
  type RequestPolicy,
  SECURITY_HEADERS,
  SecurityHeadersInterceptor,
  UsePolicies,
  type Verdict,
} from '../../src/index.js';
import { streamSink } from '../../src/logging/sink.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, request } from '../support/client.js';
import { openStream } from '../support/event-stream.js';
import { eventually } from '../support/poll.js';

@Injectable()
class Users {
  readonly known = new Set(['ann']);
}

@Injectable()
class KnownUser implements RequestPolicy {
  constructor(private readonly users: Users) {}

  async check(request: PolicyContext): Promise<Verdict> {
    await Promise.resolve();
    const user = String(request.headers['x-user']);
    request.setResponseHeader('X-Checked', request.clientIp);
    if (!this.users.known.has(user))
      return new GatewayError('DENIED', 'Nobody knows you.', undefined, 401, [
        'WWW-Authenticate',
        'One',
        'WWW-Authenticate',
        'Two',
      ]);
    request.identity = { scheme: 'own', subject: user, claims: {} };
    request.setRequestHeader('X-User');
    request.setRequestHeader('X-Known', `${request.scheme} ${request.host} ${request.path}?${request.query}`);
    return undefined;
  }
}

class NoBadBodies implements RequestPolicy {
  check({ method, identity }: PolicyContext): Verdict {
    if (method === 'GET' && identity?.subject === 'ann')
      return new Answer({ status: 418, headers: ['X-Answer', '1'], body: 'for ann' });
    return undefined;
  }

  checkBody(_: PolicyContext, body: Buffer): Verdict {
    return body.includes('bad') ? new GatewayError('DENIED', 'A bad body.', undefined, 422) : undefined;
  }
}

const LIMITS = Symbol('limits');

@Controller('own')
@UsePolicies(KnownUser)
class Own {
  @Get()
  seen(@Headers() headers: Record<string, string>, @RequestIdentity() identity: Identity): unknown {
    return { user: headers['x-user'], known: headers['x-known'], identity };
  }

  @Get('both')
  @UsePolicies(new NoBadBodies())
  both(): string {
    return 'not for ann';
  }

  @Post('body')
  @UsePolicies(new NoBadBodies())
  body(@Body() body: unknown): unknown {
    return body;
  }
}

@Controller('limited')
@UsePolicies(LIMITS)
class Limited {
  @Get()
  @UseGuards(PolicyGuard)
  get(): string {
    return 'ok';
  }

  @Post()
  post(): string {
    return 'posted';
  }
}

/** Answers when the test says so. */
@Controller('held')
@UsePolicies(LIMITS)
class Held {
  static readonly waiting: (() => void)[] = [];

  @Get()
  get(): Promise<string> {
    return new Promise(resolve => Held.waiting.push(() => resolve('ok')));
  }

  @Sse('events')
  events(): Observable<string> {
    return new Subject<string>().pipe(startWith('first'));
  }

  @Get('broken')
  broken(): string {
    throw new ForbiddenException();
  }
}

@Controller('headers')
@UseInterceptors(SecurityHeadersInterceptor)
class WithHeaders {
  @Get()
  plain(): string {
    return 'ok';
  }

  @Get('framed')
  @Header('X-Frame-Options', 'SAMEORIGIN')
  framed(): string {
    return 'framed';
  }

  @Get('denied')
  denied(): string {
    throw new ForbiddenException();
  }
}

/** A gateway inside the application. */
function gatewayModule(): DynamicModule {
  const config = buildConfig({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    admin: { port: 0 },
    routes: [{ respond: {} }],
  });
  return GatewayModule.forRoot(config, { logSink: streamSink(new PassThrough().resume()) });
}

const limits = (security: object): FactoryProvider => ({
  provide: LIMITS,
  inject: [Gateway],
  useFactory: (gateway: Gateway) => gateway.policies(security),
});

async function start(metadata: ModuleMetadata, options: { rawBody?: boolean } = {}): Promise<number> {
  const testing = await Test.createTestingModule(metadata).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), options);
  closeLater(() => app.close());
  await app.listen(0, '127.0.0.1');
  return Number(new URL(await app.getUrl()).port);
}

describe('a controller of one’s own', () => {
  it('is guarded by policies, which see the request and change it', async () => {
    const port = await start({ controllers: [Own], providers: [Users, KnownUser] });
    const headers = { 'x-user': 'ann', host: 'Shop.example:80' };
    const response = await request(port, { path: '/own?a=1?b', headers });
    expect(response.json()).toEqual({
      known: 'http shop.example /own?a=1?b',
      identity: { scheme: 'own', subject: 'ann', claims: {} },
    });
    expect(response.header('x-checked')).toBe('127.0.0.1');
  });

  it('answers denials with problem documents', async () => {
    const port = await start({ controllers: [Own], providers: [Users] });
    const response = await request(port, { path: '/own' });
    expect(response.status).toBe(401);
    expect(response.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/) as string,
      'x-gateway-error': 'DENIED',
    });
    expect(response.headerValues('www-authenticate')).toEqual(['One', 'Two']);
    expect(response.json()).toMatchObject({ status: 401, detail: 'Nobody knows you.' });
    expect(response.header('x-checked')).toBe('127.0.0.1');
  });

  it('has the policies of its handlers asked after its own, with what those found out', async () => {
    const port = await start({ controllers: [Own], providers: [Users, KnownUser] });
    const response = await request(port, { path: '/own/both', headers: { 'x-user': 'ann' } });
    expect([response.status, response.text, response.header('x-answer')]).toEqual([418, 'for ann', '1']);
    expect((await request(port, { path: '/own/both' })).status).toBe(401);
  });

  it('has its bodies looked at where the application keeps them, and fails where it does not', async () => {
    const metadata = { controllers: [Own], providers: [Users] };
    const send = (port: number, body: string) =>
      request(port, {
        path: '/own/body',
        method: 'POST',
        body,
        headers: { 'x-user': 'ann', 'content-type': 'application/json' },
      });
    const port = await start(metadata, { rawBody: true });
    expect((await send(port, '{"a":"good"}')).json()).toEqual({ a: 'good' });
    const bad = await send(port, '{"a":"bad"}');
    expect([bad.status, bad.json()]).toMatchObject([422, { detail: 'A bad body.' }]);
    expect((await send(await start(metadata), '{"a":"bad"}')).status).toBe(500);
  });

  it('can use what the configuration of a gateway offers', async () => {
    const security = { validation: { methods: ['GET'], requireHeaders: ['x-tenant'] } };
    const port = await start({ imports: [gatewayModule()], controllers: [Limited], providers: [limits(security)] });
    const headers = { 'x-tenant': 'a' };
    expect((await request(port, { path: '/limited', headers })).text).toBe('ok');
    expect((await request(port, { path: '/limited' })).status).toBe(400);
    const posted = await request(port, { path: '/limited', method: 'POST', headers });
    expect([posted.status, posted.header('allow')]).toEqual([405, 'GET']);
  });

  it('has its requests at once counted until their responses are over', async () => {
    const security = { concurrency: [{ limit: 2 }, { limit: 1, key: 'header:x-key' }] };
    const port = await start({ imports: [gatewayModule()], controllers: [Held], providers: [limits(security)] });
    const get = (key: string, path = '/held') => request(port, { path, headers: { 'x-key': key } });
    for (let round = 0; round < 3; round++) {
      const asked = [get('a'), get('b')];
      await eventually(() => Held.waiting.length === 2);
      const refused = await get('c');
      expect([refused.status, refused.header('retry-after'), refused.header('x-gateway-error')]).toEqual([
        429,
        '1',
        'DENIED',
      ]);
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
    await expect(start({ controllers: [Own] })).rejects.toThrow(/Users/);
    await expect(start({ controllers: [Limited] })).rejects.toThrow(/limits/);
    for (const [security, complaint] of [
      [{ validation: { method: ['GET'] } }, /did you mean "methods"/],
      [{ policies: ['nothing'] }, /^security\.policies\[0\]: no policy is named "nothing"/],
      [{ cors: { origins: ['*'] } }, /^security\.cors: concerns responses/],
      [{ headers: {} }, /SecurityHeadersInterceptor/],
    ] as const) {
      const started = start({ imports: [gatewayModule()], controllers: [Limited], providers: [limits(security)] });
      await expect(started).rejects.toThrow(complaint);
    }
  });

  it('gets security headers from an interceptor, errors too, but for what it says itself', async () => {
    const port = await start({ controllers: [WithHeaders] });
    const ask = async (path: string): Promise<unknown[]> => {
      const { status, headers } = await request(port, { path });
      return [status, headers['x-content-type-options'], headers['x-frame-options'], headers['referrer-policy']];
    };
    expect(await ask('/headers')).toEqual([200, 'nosniff', 'DENY', 'no-referrer']);
    expect(await ask('/headers/framed')).toEqual([200, 'nosniff', 'SAMEORIGIN', 'no-referrer']);
    expect(await ask('/headers/denied')).toEqual([403, 'nosniff', 'DENY', 'no-referrer']);
    expect((await request(port, { path: '/headers' })).header('strict-transport-security')).toBeUndefined();
  });

  it('shares the settings of the interceptor with the whole application', async () => {
    const port = await start({
      controllers: [Limited],
      providers: [
        { provide: LIMITS, useValue: [] },
        { provide: SECURITY_HEADERS, useValue: { frameOptions: 'SAMEORIGIN', referrerPolicy: '' } },
        { provide: APP_INTERCEPTOR, useClass: SecurityHeadersInterceptor },
      ],
    });
    const { headers } = await request(port, { path: '/limited' });
    expect(headers).toMatchObject({ 'x-frame-options': 'SAMEORIGIN', 'x-content-type-options': 'nosniff' });
    expect(headers['referrer-policy']).toBeUndefined();
  });
});
