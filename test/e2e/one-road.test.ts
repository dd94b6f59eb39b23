import { Agent } from 'node:https';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  Module,
  type NestInterceptor,
  type Provider,
  Scope,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { map, merge, Observable, of, take, tap, throwError } from 'rxjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ExchangeRequest, type ExchangeResponse } from '../../src/index.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startBackend } from '../support/backend.js';
import { eventually } from '../support/poll.js';
import { startScripted } from '../support/scripted-backend.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';

/** What a client has got. */
interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

const tls = { rejectUnauthorized: false };
const upgrade = { ':method': 'CONNECT', ':protocol': 'websocket', 'sec-websocket-version': '13' };

/** A request of each kind that a gateway takes, to `/a?b=c`. */
const kinds: Readonly<Record<string, (port: number) => Promise<Answer>>> = {
  'HTTP/1.1': async port => {
    const { status, text, header } = await request(port, { path: '/a?b=c', tls });
    return { status, text, type: header('content-type') };
  },
  'HTTP/2': port => overHttp2(port, {}),
  'an event stream over HTTP/1.1': async port => {
    const headers = { accept: 'text/event-stream' };
    const { status, text, header } = await request(port, { path: '/a?b=c', tls, headers });
    return { status, text, type: header('content-type') };
  },
  'an event stream over HTTP/2': port => overHttp2(port, { accept: 'text/event-stream' }),
  'a WebSocket over HTTP/1.1': async port => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const { status, text, header } = await request(port, { path: '/a?b=c', tls, headers });
    return { status, text, type: header('content-type') };
  },
  'a WebSocket over HTTP/2': port => overHttp2(port, upgrade),
};

async function overHttp2(port: number, headers: Record<string, string>): Promise<Answer> {
  const client = await connectHttp2(port);
  const response = await client.request({ headers: { ':path': '/a?b=c', ...headers } });
  return { status: response.status, type: response.headers['content-type'], text: response.text };
}

/** A gateway whose application has these providers, before a backend that answers all. */
async function gatewayWith(...providers: Provider[]): Promise<InProcessGateway> {
  @Module({ providers })
  class Own {}

  const backend = await startBackend();
  return secureGatewayTo([backend], { imports: [Own] });
}

describe('a global guard of the application', () => {
  const seen: unknown[] = [];

  @Injectable()
  class DenyAll implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const http = context.switchToHttp();
      const asked = http.getRequest<ExchangeRequest>();
      const { method, url, hostname, ip, protocol, route, path, query } = asked;
      seen.push({ type: context.getType(), method, url, hostname, ip, protocol, route: route?.name, path, query });
      http.getResponse<ExchangeResponse>().header('WWW-Authenticate', 'Own');
      expect(asked.raw.headers).toBe(asked.headers);
      expect(asked.id).toMatch(/./);
      throw new UnauthorizedException('Show who you are.');
    }
  }

  let gateway: InProcessGateway;
  beforeAll(async () => {
    gateway = await gatewayWith({ provide: APP_GUARD, useClass: DenyAll });
  });
  afterEach(() => void seen.splice(0));

  it.each(Object.keys(kinds))('denies %s, and the client gets a problem document', async kind => {
    const { status, type, text } = await kinds[kind]!(gateway.port);
    expect([status, type]).toEqual([401, 'application/problem+json']);
    expect(JSON.parse(text)).toMatchObject({ status: 401, detail: 'Show who you are.' });
    expect(seen).toEqual([
      {
        type: 'http',
        method: 'GET',
        url: '/a?b=c',
        hostname: '127.0.0.1',
        ip: '127.0.0.1',
        protocol: 'https',
        route: 'default',
        path: '/a',
        query: { b: 'c' },
      },
    ]);
  });

  it('may add to the fields of the answer', async () => {
    expect((await request(gateway.port, { tls })).header('www-authenticate')).toBe('Own');
  });

  it('denies by returning false', async () => {
    const other = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate: () => false } });
    for (const ask of Object.values(kinds)) expect((await ask(other.port)).status).toBe(403);
    expect(await accessLineOf(other)).toMatchObject({ status: 403, error: 'DENIED' });
  });

  it('that fails is a fault of the gateway, and no request passes', async () => {
    const canActivate = (): never => {
      throw new Error('no database');
    };
    const other = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate } });
    for (const ask of Object.values(kinds)) expect((await ask(other.port)).status).toBe(500);
  });

  it('lets pass what it lets pass', async () => {
    const other = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate: () => Promise.resolve(true) } });
    expect((await kinds['HTTP/1.1']!(other.port)).status).toBe(200);
    expect((await kinds['HTTP/2']!(other.port)).status).toBe(200);
  });

  it('of request scope stops the start, since it would be left out', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    await expect(gatewayWith({ provide: APP_GUARD, useClass: Scoped })).rejects.toThrow(
      /^Scoped: a global guard.* of request scope cannot hold .*: give it the default scope$/,
    );
  });
});

describe('a global interceptor of the application', () => {
  it('sees each exchange, and its end', async () => {
    const seen: string[] = [];
    class Watch implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        const { exchange } = context.switchToHttp().getRequest<ExchangeRequest>();
        const { statusCode } = context.switchToHttp().getResponse<ExchangeResponse>();
        seen.push(`${context.getClass().name} ${exchange.protocol} ${statusCode}`);
        return next.handle().pipe(
          tap(() => {
            const response = context.switchToHttp().getResponse<ExchangeResponse>();
            seen.push(`end ${response.statusCode}`);
          }),
        );
      }
    }
    const gateway = await gatewayWith({ provide: APP_INTERCEPTOR, useClass: Watch });
    await kinds['HTTP/1.1']!(gateway.port);
    await kinds['HTTP/2']!(gateway.port);
    await eventually(() => seen.length === 4);
    expect(seen).toEqual(['ProxyController http 200', 'end 200', 'ProxyController http 200', 'end 200']);
    seen.length = 0;
    for (const kind of Object.keys(kinds).slice(2)) await kinds[kind]!(gateway.port);
    await eventually(() => seen.length === 8);
    expect(seen.filter(line => !line.startsWith('end'))).toEqual([
      'SseController http 200',
      'SseController http 200',
      'TunnelGateway websocket 200',
      'TunnelGateway websocket 200',
    ]);
  });

  it('may answer in place of the backend', async () => {
    const intercept = () => of({ cached: true });
    const gateway = await gatewayWith({ provide: APP_INTERCEPTOR, useValue: { intercept } });
    for (const ask of Object.values(kinds)) {
      const { status, text, type } = await ask(gateway.port);
      expect([status, text, type]).toEqual([200, '{"cached":true}', 'application/json; charset=utf-8']);
    }
  });

  it('that throws denies', async () => {
    const intercept = () => throwError(() => new ForbiddenException('not now'));
    const gateway = await gatewayWith({ provide: APP_INTERCEPTOR, useValue: { intercept } });
    for (const ask of Object.values(kinds)) {
      const { status, text } = await ask(gateway.port);
      expect([status, (JSON.parse(text) as { detail: string }).detail]).toEqual([403, 'not now']);
    }
  });

  it('may set fields of the response of the backend', async () => {
    const intercept = (context: ExecutionContext, next: CallHandler): Observable<unknown> => {
      context.switchToHttp().getResponse<ExchangeResponse>().setHeader('X-Own', 'yes');
      return next.handle();
    };
    const gateway = await gatewayWith({ provide: APP_INTERCEPTOR, useValue: { intercept } });
    expect((await request(gateway.port, { tls })).header('x-own')).toBe('yes');
  });
});

describe('what guards and interceptors do wrong', () => {
  /** Requests one after the other on one connection of HTTP/1.1; the statuses, or what ended it. */
  async function statusesOf(gateway: InProcessGateway, count: number): Promise<unknown[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...tls });
    closeLater(() => agent.destroy());
    const statuses: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const answer = await request(gateway.port, { tls, agent }).catch((error: NodeJS.ErrnoException) => error.code);
      statuses.push(typeof answer === 'object' ? answer.status : answer);
    }
    return statuses;
  }

  it('an error behind the end of the exchange leaves its connection, and what comes next on it, alone', async () => {
    const intercept = (_: ExecutionContext, next: CallHandler): Observable<unknown> =>
      next.handle().pipe(
        map(() => {
          throw new Error('too late');
        }),
      );
    const gateway = await gatewayWith({ provide: APP_INTERCEPTOR, useValue: { intercept } });
    expect(await statusesOf(gateway, 4)).toEqual([200, 200, 200, 200]);
    expect(await accessLineOf(gateway)).not.toHaveProperty('error');
  });

  it('a controller that is run twice sends the request once', async () => {
    const intercept = (_: ExecutionContext, next: CallHandler): Observable<unknown> =>
      merge(next.handle(), next.handle());
    @Module({ providers: [{ provide: APP_INTERCEPTOR, useValue: { intercept } }] })
    class Own {}
    const backend = await startBackend();
    const gateway = await secureGatewayTo([backend], { imports: [Own] });
    expect((await request(gateway.port, { tls })).status).toBe(200);
    expect(backend.requests).toHaveLength(1);
  });

  it.each([
    ['a field that cannot be sent', (response: ExchangeResponse) => response.setHeader('X-Own', 'a\r\nX-Other: b')],
    ['a name that cannot be sent', (response: ExchangeResponse) => response.setHeader('X Own', 'a')],
    ['a status that is none', (response: ExchangeResponse) => response.status(7).send('x')],
  ])('%s is a fault of the gateway, and nothing of it reaches the client', async (_, spoil) => {
    const canActivate = (context: ExecutionContext): boolean => {
      spoil(context.switchToHttp().getResponse<ExchangeResponse>());
      return true;
    };
    const gateway = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate } });
    for (const ask of Object.values(kinds)) expect((await ask(gateway.port)).status).toBe(500);
  });

  it('an answer that has no body has none', async () => {
    const canActivate = (context: ExecutionContext): boolean => {
      context.switchToHttp().getResponse<ExchangeResponse>().status(204).json({ lost: true });
      return false;
    };
    const gateway = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate } });
    const answer = await request(gateway.port, { tls });
    expect([answer.status, answer.text, answer.header('content-length')]).toEqual([204, '', undefined]);
  });

  it('a guard that never decides keeps no client that leaves, and no shutdown', async () => {
    const gateway = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate: () => new Promise(() => {}) } });
    const asked = request(gateway.port, { tls, timeout: 100 });
    await expect(asked).rejects.toThrow();
    await expectAtRest(gateway);
    const cut = request(gateway.port, { tls });
    await eventually(async () => (await gateway.metric('gatehouse_requests_in_flight')) === 1);
    expect(await gateway.stop(50)).toBe(1);
    expect((await cut).status).toBe(503);
  });
});

describe('a global filter of the application', () => {
  it('answers for what a guard has thrown', async () => {
    @Catch(ForbiddenException)
    class Own implements ExceptionFilter<ForbiddenException> {
      catch(thrown: ForbiddenException, host: ArgumentsHost): void {
        host.switchToHttp().getResponse<ExchangeResponse>().status(418).json({ own: thrown.message });
      }
    }
    const gateway = await gatewayWith(
      { provide: APP_FILTER, useClass: Own },
      { provide: APP_GUARD, useValue: { canActivate: () => false } },
    );
    for (const ask of Object.values(kinds)) {
      const { status, text } = await ask(gateway.port);
      expect([status, text]).toEqual([418, '{"own":"Forbidden resource"}']);
    }
  });

  it('cannot spoil what a policy has answered', async () => {
    @Catch()
    class All implements ExceptionFilter {
      catch(_: unknown, host: ArgumentsHost): void {
        host.switchToHttp().getResponse<ExchangeResponse>().status(500).json({});
      }
    }
    @Module({ providers: [{ provide: APP_FILTER, useClass: All }] })
    class Own {}
    const others = { security: { validation: { methods: ['GET'] }, cors: { origins: ['https://shop.example'] } } };
    const gateway = await secureGatewayTo([await startBackend()], { imports: [Own], others });
    expect((await request(gateway.port, { method: 'POST', tls })).status).toBe(405);
    const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'GET' };
    const answer = await request(gateway.port, { method: 'OPTIONS', tls, headers: preflight });
    expect([answer.status, answer.header('access-control-allow-origin')]).toEqual([204, 'https://shop.example']);
  });
});

describe('policies and global guards', () => {
  it('both hold: the guards of the application come first', async () => {
    const asked: string[] = [];
    const canActivate = (context: ExecutionContext): boolean => {
      asked.push(context.switchToHttp().getRequest<ExchangeRequest>().method);
      return true;
    };
    @Module({ providers: [{ provide: APP_GUARD, useValue: { canActivate } }] })
    class Own {}
    const others = { security: { validation: { methods: ['GET'] } } };
    const gateway = await secureGatewayTo([await startBackend()], { imports: [Own], others });
    expect((await request(gateway.port, { method: 'POST', tls })).status).toBe(405);
    expect((await request(gateway.port, { tls })).status).toBe(200);
    expect(asked).toEqual(['POST', 'GET']);
  });
});

describe('what goes wrong around guards that wait', () => {
  const slow = { canActivate: () => new Promise(resolve => void setImmediate(() => setImmediate(resolve, true))) };

  it('a request of HTTP/2 that ends without a body while the guard waits is answered', async () => {
    const gateway = await gatewayWith({ provide: APP_GUARD, useValue: slow });
    const client = await connectHttp2(gateway.port);
    for (const method of ['GET', 'POST']) {
      const response = await client.request({ headers: { ':method': method }, body: '' });
      expect([response.status, response.code]).toEqual([200, 0]);
    }
  });

  it('an interceptor that answers in place of a backend that is asked already gives the backend up', async () => {
    const backend = await startScripted('late', () => {});
    const intercept = (_: ExecutionContext, next: CallHandler): Observable<unknown> =>
      merge(
        next.handle(),
        new Observable(
          subscriber =>
            void eventually(() => backend.calls.length > 0).then(() => {
              subscriber.next('instead');
              subscriber.complete();
            }),
        ),
      ).pipe(take(1));
    @Module({ providers: [{ provide: APP_INTERCEPTOR, useValue: { intercept } }] })
    class Own {}
    const gateway = await secureGatewayTo([backend], { imports: [Own] });
    for (const accept of ['text/html', 'text/event-stream']) {
      const answer = await request(gateway.port, { tls, headers: { accept } });
      expect([answer.status, answer.text]).toEqual([200, 'instead']);
      await eventually(() => backend.calls.at(-1)!.abandoned);
      backend.calls.length = 0;
    }
    await expectAtRest(gateway);
  });

  it('one that answers, waits and lets pass takes no place of streams and tunnels', async () => {
    const canActivate = async (context: ExecutionContext): Promise<boolean> => {
      const http = context.switchToHttp();
      if (http.getRequest<ExchangeRequest>().get('x-bad') === undefined) return true;
      http.getResponse<ExchangeResponse>().status(401).send('no');
      await new Promise(setImmediate);
      return true;
    };
    @Module({ providers: [{ provide: APP_GUARD, useValue: { canActivate } }] })
    class Own {}
    const others = { sse: { maxConnections: 1 }, websocket: { maxConnections: 1 } };
    const gateway = await secureGatewayTo([await startBackend()], { imports: [Own], others });
    const headers = { 'x-bad': '1', accept: 'text/event-stream' };
    for (let i = 0; i < 3; i++) expect((await request(gateway.port, { tls, headers })).status).toBe(401);
    expect((await request(gateway.port, { tls, headers: { accept: 'text/event-stream' } })).status).toBe(200);
  });

  it('what a guard has answered stands, whole, when it denies as well', async () => {
    const large = 'x'.repeat(300_000);
    const canActivate = (context: ExecutionContext): boolean => {
      context.switchToHttp().getResponse<ExchangeResponse>().status(401).send(large);
      return false;
    };
    const gateway = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate } });
    for (const ask of Object.values(kinds)) {
      const { status, text } = await ask(gateway.port);
      expect([status, text.length]).toEqual([401, large.length]);
    }
  });

  it.each(['Content-Length', 'Transfer-Encoding', 'Connection'])('%s is not theirs to set', async name => {
    const canActivate = (context: ExecutionContext): boolean => {
      context.switchToHttp().getResponse<ExchangeResponse>().setHeader(name, '3');
      return true;
    };
    const gateway = await gatewayWith({ provide: APP_GUARD, useValue: { canActivate } });
    expect((await request(gateway.port, { tls })).status).toBe(500);
  });

  it('cookies are added, each in a field of its own', async () => {
    const canActivate = (context: ExecutionContext): boolean => {
      context.switchToHttp().getResponse<ExchangeResponse>().setHeader('Set-Cookie', ['a=1', 'b=2']);
      return true;
    };
    @Module({ providers: [{ provide: APP_GUARD, useValue: { canActivate } }] })
    class Own {}
    const backend = await startScripted('cookies', call => call.answer(200, { headers: ['Set-Cookie: c=3'] }));
    const gateway = await secureGatewayTo([backend], { imports: [Own] });
    expect((await request(gateway.port, { tls })).headerValues('set-cookie').sort()).toEqual(['a=1', 'b=2', 'c=3']);
  });
});
