import { Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { ForbiddenException } from '@nestjs/common';
import { GatewayError, Policy, type PolicyContext, type RequestPolicy, type Verdict } from '../../src/index.js';
import { answer, bodyOf, type Echo, echo, startBackend } from '../support/backend.js';
import { valueOf } from '../support/header-list.js';
import { connectHttp2, type Http2Client } from '../support/http2-client.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

@Injectable()
@Policy('by-path')
class ByPath implements RequestPolicy {
  check(request: PolicyContext): Verdict | Promise<Verdict> {
    switch (request.path) {
      case '/throws':
        throw new Error('secret');
      case '/rejects':
        return Promise.reject(new Error('secret'));
      case '/forbids':
        throw new ForbiddenException('Not you.');
      case '/denies-later':
        return Promise.resolve(new GatewayError('DENIED', 'Not now.', undefined, 429));
      default:
        request.setRequestHeader('X-Seen', `${request.scheme} ${request.headers.host} ${request.headers['x-own']}`);
        request.setResponseHeader('X-Checked', 'yes');
        return undefined;
    }
  }
}

@Module({ providers: [ByPath] })
class Policies {}

describe('what the gateway does for requests, over HTTP/2', () => {
  async function scene(options: Parameters<typeof secureGatewayTo>[1] = {}) {
    const backend = await startBackend(echo);
    const gateway = await secureGatewayTo([backend], options);
    return { backend, gateway, client: await connectHttp2(gateway.port) };
  }

  it('asks policies, at once or later; what they throw is no answer of theirs', async () => {
    const { backend, gateway, client } = await scene({
      imports: [Policies],
      others: { security: { policies: ['by-path'] } },
    });
    const at = (path: string): ReturnType<Http2Client['request']> =>
      client.request({ headers: { ':path': path, 'x-own': 'mine' } });
    const passed = await at('/');
    expect(passed).toMatchObject({ status: 200, headers: { 'x-checked': 'yes' } });
    expect(valueOf((JSON.parse(passed.text) as Echo).headers, 'x-seen')).toBe(`https 127.0.0.1:${gateway.port} mine`);
    for (const path of ['/throws', '/rejects']) {
      const broken = await at(path);
      expect(broken).toMatchObject({ status: 500, headers: { 'x-gateway-error': 'INTERNAL' } });
      expect(broken.text).not.toContain('secret');
    }
    expect(await at('/forbids')).toMatchObject({ status: 403, headers: { 'x-gateway-error': 'DENIED' } });
    expect((await at('/denies-later')).status).toBe(429);
    expect(backend.requests).toHaveLength(1);
    await expectAtRest(gateway);
  });

  it('denies, limits and answers preflights', async () => {
    const { backend, client } = await scene({
      others: { security: { cors: { origins: ['https://app.example'] }, rateLimit: { limit: 1, per: '1h' } } },
    });
    const headers = { ':method': 'OPTIONS', origin: 'https://app.example', 'access-control-request-method': 'PUT' };
    expect(await client.request({ headers })).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': 'https://app.example' },
    });
    expect((await client.request()).status).toBe(429);
    expect(backend.requests).toHaveLength(0);
  });

  it('refuses a body over its limit, declared or not', async () => {
    const { client } = await scene({ others: { security: { validation: { maxBody: '1kb' } } } });
    const body = Buffer.alloc(5_000);
    for (const headers of [{ ':method': 'POST' }, { ':method': 'POST', 'content-length': 5_000 }])
      expect(await client.request({ headers, body })).toMatchObject({ status: 413, whole: true });
  });

  it('tries again elsewhere with the body that it has kept', async () => {
    const broken = await startBackend(async (request, response) => {
      await bodyOf(request);
      response.writeHead(503).end();
    });
    const sound = await startBackend(echo);
    const gateway = await secureGatewayTo([broken, sound], { upstream: { retries: { methods: 'all' } } });
    const client = await connectHttp2(gateway.port);
    for (const headers of [{ ':method': 'POST' }, { ':method': 'POST', 'content-length': 4 }]) {
      const { status, text } = await client.request({ headers, body: 'body' });
      expect(status).toBe(200);
      expect((JSON.parse(text) as Echo).bodyLength).toBe(4);
    }
    expect(broken.requests.length).toBeGreaterThan(0);
  });

  it('forwards by http-proxy-middleware, too', async () => {
    const { client } = await scene({ upstream: { forwarder: 'http-proxy-middleware' } });
    const { status, text } = await client.request({ headers: { ':method': 'POST', 'x-own': 'a' }, body: 'a body' });
    expect(status).toBe(200);
    const { bodyLength, headers } = JSON.parse(text) as Echo;
    expect(bodyLength).toBe(6);
    expect(valueOf(headers, 'x-own')).toBe('a');
    expect(headers.filter(name => name.startsWith(':'))).toEqual([]);
  });

  it('answers redirects, fixed responses and TRACE at its last hop by itself', async () => {
    const { backend, client } = await scene({
      others: {
        routes: [
          { match: { path: '/old' }, redirect: { to: '/new', status: 308 } },
          { match: { path: '/ping' }, respond: { status: 200, body: 'pong' } },
          { upstream: 'app' },
        ],
      },
    });
    expect(await client.request({ headers: { ':path': '/old' } })).toMatchObject({
      status: 308,
      headers: { location: '/new' },
    });
    expect((await client.request({ headers: { ':path': '/ping' } })).text).toBe('pong');
    const trace = await client.request({
      headers: { ':method': 'TRACE', ':path': '/t?x', 'max-forwards': '0', 'x-own': '1', cookie: 'secret' },
    });
    expect(trace.text).toMatch(/^TRACE \/t\?x HTTP\/2\.0\r\nhost: 127\.0\.0\.1:\d+\r\n/);
    expect(trace.text).toContain('x-own: 1');
    expect(trace.text).not.toContain('secret');
    expect(backend.requests).toHaveLength(0);
  });

  it('takes the address and the id of a request from a trusted proxy', async () => {
    const { client, gateway } = await scene({ others: { trustedProxies: ['127.0.0.1'] } });
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'theirs' };
    await client.request({ headers });
    expect(await accessLineOf(gateway)).toMatchObject({ client: '203.0.113.9', requestId: 'theirs' });
  });

  it('passes a status that HTTP/2 has no place for as a failure, with its body', async () => {
    const { backend, client } = await scene();
    backend.handler = answer(799, 'odd');
    expect(await client.request()).toMatchObject({ status: 502, text: 'odd' });
  });
});
