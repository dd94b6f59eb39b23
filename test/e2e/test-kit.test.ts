import { Injectable, Module } from '@nestjs/common';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { circuitBreakerToken } from '../../src/circuit-breaker/inject-circuit-breaker.js';
import { RANDOM_SOURCE } from '../../src/random/random-source.js';
import { GatewayError } from '../../src/http/gateway-error.js';
import { Policy } from '../../src/security/custom/named-policy.js';
import type { PolicyContext, Verdict } from '../../src/security/policy.js';
import {
  createTestGateway,
  FakeBackend,
  fakeCircuitBreaker,
  stopAll,
  testPolicyContext,
  type TestGateway,
} from '../../src/testing/index.js';

@Injectable()
class Tenants {
  known(host: string): boolean {
    return host !== 'unknown.example';
  }
}

@Policy('tenant')
class Tenant {
  constructor(private readonly tenants: Tenants) {}

  check(request: PolicyContext): Verdict {
    request.setResponseHeader('X-Tenant', request.host);
    return this.tenants.known(request.host) ? undefined : new GatewayError('DENIED', 'No such tenant.');
  }
}

@Module({ providers: [Tenants, Tenant] })
class TenantModule {}

let backend: FakeBackend;
let gateway: TestGateway;

beforeAll(async () => {
  backend = await FakeBackend.start();
  gateway = await createTestGateway(
    {
      listeners: [{ name: 'web', port: 8080 }],
      upstreams: {
        app: { backends: [{ id: 'a', url: backend.url }], retries: { attempts: 0 }, timeouts: { response: '200ms' } },
      },
      security: { policies: ['tenant'] },
    },
    { imports: [TenantModule] },
  );
});
afterAll(() => stopAll());

describe('a gateway for tests', () => {
  it('carries requests to a fake backend, which remembers them', async () => {
    backend.answersNext({ status: 201, headers: { 'x-made': '1' }, body: { id: 7 } });
    const response = await gateway.fetch('/orders?a=1', { method: 'POST', body: 'hi', headers: { 'x-a': 'b' } });
    expect([response.status, response.headers.get('x-made'), await response.json()]).toEqual([201, '1', { id: 7 }]);
    const { headers, method, text, url } = backend.lastRequest;
    expect([method, url, text, headers['x-a']]).toEqual(['POST', '/orders?a=1', 'hi', 'b']);
  });

  it('keeps its log instead of writing it', async () => {
    await gateway.fetch('/logged');
    const line = await gateway.logged(({ path }) => path === '/logged');
    expect(line).toMatchObject({ status: 200, backend: 'a' });
    expect(gateway.log).toContainEqual(line);
    await expect(gateway.logged(({ path }) => path === '/never', 20)).rejects.toThrow(/no such line .*\n.*"\/logged"/s);
  });

  it('has free ports, also where its configuration names others', () => {
    expect(gateway.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect([gateway.url('web'), gateway.url()]).not.toContain('http://127.0.0.1:8080');
    expect(() => gateway.url('nope')).toThrow('no listener is named "nope"');
  });

  it('takes another configuration while it runs', async () => {
    const url = gateway.url();
    await using own = await createTestGateway({ routes: [{ respond: { status: 200, body: 'one' } }] });
    const one = await own.fetch();
    await own.apply({ routes: [{ respond: { status: 200, body: 'two' } }] });
    expect([await one.text(), await (await own.fetch()).text(), url]).toEqual(['one', 'two', gateway.url()]);
  });

  it('has overrides in the place of its own providers and of those of modules', async () => {
    const breaker = fakeCircuitBreaker({ state: 'open', retryIn: 5_000 });
    const draws: number[] = [];
    const useValue = (): number => (draws.push(0), 0);
    await using own = await createTestGateway(
      {
        upstreams: { app: { backends: [{ id: 'a', url: backend.url }], strategy: 'random', circuitBreaker: {} } },
        security: { policies: ['tenant'] },
      },
      {
        imports: [TenantModule],
        overrides: [
          { provide: circuitBreakerToken('a'), useValue: breaker },
          { provide: RANDOM_SOURCE, useValue },
          { provide: Tenants, useValue: { known: () => true } },
        ],
      },
    );
    const refused = await own.fetch();
    expect([refused.status, refused.headers.get('x-tenant')]).toEqual([503, '127.0.0.1']);
    breaker.state = 'closed';
    expect([(await own.fetch()).status, breaker.entered, draws.length > 0]).toEqual([200, 1, true]);
    expect(breaker.settled).toMatchObject([{ outcome: 'success' }]);
    expect(own.get(Tenants)).toEqual({ known: expect.any(Function) });
  });

  it('does not start with an override of what it does not have', async () => {
    const started = createTestGateway(
      { routes: [{ respond: { status: 200 } }] },
      { overrides: [{ provide: 'NOTHING', useValue: 1 }] },
    );
    await expect(started).rejects.toThrow('overrides: there is no provider of the gateway under the token NOTHING');
  });
});

describe('a fake backend', () => {
  it.each<[string, Parameters<FakeBackend['answersNext']>[0], number, string | null]>([
    ['a reset', { fault: 'reset' }, 502, 'RESET'],
    ['no answer', { fault: 'never' }, 504, 'HEAD_TIMEOUT'],
    ['an answer that is late', { delay: 1_000 }, 504, 'HEAD_TIMEOUT'],
    ['a status', { status: 418 }, 418, null],
    ['what a function says', ({ url }) => ({ status: url === '/f' ? 299 : 500 }), 299, null],
  ])('gives %s', async (_, answer, status, code) => {
    backend.answersNext(answer);
    const response = await gateway.fetch('/f');
    await response.arrayBuffer();
    expect([response.status, response.headers.get('x-gateway-error')]).toEqual([status, code]);
  });

  it('breaks off in the middle of a body', async () => {
    backend.answersNext({ body: 'x'.repeat(1_000), fault: 'half' });
    const response = await gateway.fetch();
    await expect(response.text()).rejects.toThrow();
  });

  it('sends events, also later, and ends them', async () => {
    backend.answersNext({ events: [{ data: 'one', id: '1' }] });
    const response = await gateway.fetch('/events', { headers: { accept: 'text/event-stream' } });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('id: 1\ndata: one\n\n');
    backend.sendEvent({ event: 'more', data: 'two\nlines' });
    expect((await reader.read()).value).toBe('event: more\ndata: two\ndata: lines\n\n');
    backend.endEvents();
    expect((await reader.read()).done).toBe(true);
  });

  it('echoes on WebSockets, and speaks by itself', async () => {
    const client = new WebSocket(gateway.url().replace('http', 'ws'));
    const received: string[] = [];
    const waiting: (() => void)[] = [];
    client.on('message', data => {
      received.push((data as Buffer).toString());
      waiting.shift()?.();
    });
    const message = (): Promise<void> => new Promise(resolve => waiting.push(resolve));
    await new Promise(resolve => client.once('open', resolve));
    const echoed = message();
    client.send('hello');
    await echoed;
    const told = message();
    backend.sendMessage('news');
    await told;
    expect([received, backend.messages]).toEqual([['hello', 'news'], ['hello']]);
    const closed = new Promise(resolve => client.once('close', resolve));
    backend.closeWebSockets(4_000);
    expect(await closed).toBe(4_000);
  });

  it('that is stopped refuses connections', async () => {
    const gone = await FakeBackend.start();
    await using own = await createTestGateway({ upstreams: { app: { backends: [gone.url] } } });
    await gone.stop();
    expect((await own.fetch()).headers.get('x-gateway-error')).toBe('CONNECT_FAILED');
  });
});

describe('a request for tests of policies', () => {
  it('shows what a policy has done with it', () => {
    const request = testPolicyContext({ host: 'unknown.example', headers: { 'X-A': ['1', '2'], Cookie: 'a=b' } });
    const verdict = new Tenant(new Tenants()).check(request);
    request.setRequestHeader('X-Gone');
    expect([verdict?.constructor, request.headers['x-a'], request.rawHeaders.length]).toEqual([
      GatewayError,
      '1, 2',
      6,
    ]);
    expect([request.responseHeaders, request.requestHeaders]).toEqual([
      { 'x-tenant': 'unknown.example' },
      { 'x-gone': null },
    ]);
    expect(() => request.setResponseHeader('X-A', 'a\r\nb')).toThrow(TypeError);
  });

  it('releases what is held for it when it is closed', () => {
    const request = testPolicyContext();
    let released = 0;
    request.onClose({ release: () => released++ });
    expect([request.held, released]).toEqual([1, 0]);
    request.close();
    request.onClose({ release: () => released++ });
    expect([request.held, released]).toEqual([0, 2]);
  });
});
