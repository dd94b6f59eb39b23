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
  Scope,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { Observable, of, tap, throwError } from 'rxjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ExchangeRequest, type ExchangeResponse } from '../../src/index.js';
import { request } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startBackend } from '../support/backend.js';
import { eventually } from '../support/poll.js';
import { accessLineOf } from '../support/scene.js';
import { gatewayWith, kinds, tls } from '../support/road-kinds.js';

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
