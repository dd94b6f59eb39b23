import http2 from 'node:http2';
import { Agent } from 'node:https';
import { type CallHandler, type ExecutionContext, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { map, merge, Observable, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ExchangeRequest, type ExchangeResponse } from '../../src/index.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startBackend } from '../support/backend.js';
import { eventually } from '../support/poll.js';
import { startScripted } from '../support/scripted-backend.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { gatewayWith, kinds, tls } from '../support/road-kinds.js';

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

describe('a client that leaves in the middle of its body while a guard waits', () => {
  const waiting = async (): Promise<InProcessGateway> =>
    gatewayWith({ provide: APP_GUARD, useValue: { canActivate: () => new Promise(() => {}) } });
  const length = 5_000_000;
  const inFlight = (gateway: InProcessGateway): Promise<unknown> =>
    eventually(async () => (await gateway.metric('gatehouse_requests_in_flight')) === 1);

  it.each([0, 1_000, 60_000])('is noticed at once over HTTP/1.1, with %d bytes sent', async sent => {
    const gateway = await waiting();
    const client = await connectRaw(gateway.port, { tls });
    client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
    client.send(Buffer.alloc(sent));
    await inFlight(gateway);
    client.close();
    expect(await accessLineOf(gateway)).toMatchObject({ status: 499, error: 'CLIENT_ABORTED' });
    await expectAtRest(gateway);
  });

  it('is noticed at once over HTTP/2, in the middle of a large body too', async () => {
    const gateway = await waiting();
    const client = await connectHttp2(gateway.port);
    const stream = client.open({ ':method': 'POST', 'content-length': String(length) });
    stream.write(Buffer.alloc(1_000_000));
    await inFlight(gateway);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 499, error: 'CLIENT_ABORTED' });
    await expectAtRest(gateway);
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
