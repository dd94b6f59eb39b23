import { describe, expect, it } from 'vitest';
import { settle } from '../../../test/support/body-scene.js';
import { roadTo, type RequestOptions } from '../../../test/support/road-scene.js';

/** What a backend is sent. */
async function sent(options: RequestOptions, upstream: Record<string, unknown> = {}, route: object = {}) {
  const road = await roadTo(['a'], upstream, { routes: [{ name: 'all', upstream: 'app', ...route }] });
  const request = road.send(options);
  return { ...request, road, attempt: () => road.forwarder.last };
}

describe('the request for a backend', () => {
  it('has the host that hostHeader says, first of all', async () => {
    for (const [hostHeader, host] of [
      ['preserve', 'a.example'],
      ['backend', 'a.test'],
      ['other.example', 'other.example'],
    ] as const) {
      const { attempt } = await sent({}, { hostHeader });
      expect(attempt().request.headers.slice(0, 2)).toEqual(['Host', host]);
    }
  });

  it('has path and query byte for byte, unless the route rewrites the path', async () => {
    const spelled = await sent({ path: '/a//%7eb', query: 'c=%20' });
    expect(spelled.attempt().request.path).toBe('/a//%7eb?c=%20');
    const route = { match: { path: '/api/*' }, rewrite: { path: '/v2/x' } };
    const rewritten = await sent({ path: '/api/x', query: 'q' }, {}, route);
    expect(rewritten.attempt().request.path).toBe('/v2/x?q');
    expect((await sent({ path: '/api/x' }, {}, route)).attempt().request.path).toBe('/v2/x');
  });

  it('has what policies have asked for, and then what the rules of the route say', async () => {
    const road = await roadTo(
      ['a'],
      {},
      { routes: [{ name: 'all', upstream: 'app', headers: { request: { set: { 'X-Two': 'rule' } } } }] },
    );
    const { exchange } = road.open();
    exchange.setRequestHeader('X-One', 'policy');
    exchange.setRequestHeader('X-Two', 'policy');
    road.dispatcher.dispatch(exchange);
    expect([road.forwarder.last.field('x-one'), road.forwarder.last.field('x-two')]).toEqual(['policy', 'rule']);
  });

  it('shows no credentials to a TRACE, which sends them back', async () => {
    const fields = ['Authorization', 'Basic x', 'X-Kept', '1'];
    const traced = await sent({ method: 'TRACE', fields });
    expect([traced.attempt().field('authorization'), traced.attempt().field('x-kept')]).toEqual([undefined, '1']);
    expect((await sent({ fields })).attempt().field('authorization')).toBe('Basic x');
  });

  it('is framed as its body is sent', async () => {
    const chunked = ['Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum'];
    const streamed = await sent({ method: 'PUT', fields: chunked });
    expect([streamed.attempt().field('content-length'), streamed.attempt().field('trailer')]).toEqual([
      undefined,
      'X-Sum',
    ]);
    const whole = await sent({ method: 'PUT', fields: ['Content-Length', '2', 'Trailer', 'X-Sum'] });
    whole.message.arrive(Buffer.from('ab'));
    await settle();
    expect([whole.attempt().field('content-length'), whole.attempt().field('trailer')]).toEqual(['2', undefined]);
  });

  it('has a length, and no trailers, where a chunked body is whole by then', async () => {
    const policy = { check: () => undefined, checkBody: () => undefined };
    const sources = [{ policies: () => [{ stage: 'custom' as const, policy }] }];
    const road = await roadTo(['a'], {}, {}, sources);
    const { message } = road.send({ method: 'PUT', fields: ['Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum'] });
    message.arrive(Buffer.from('abc'));
    message.finish();
    await settle();
    const { last } = road.forwarder;
    expect([last.request.body?.toString(), last.field('content-length'), last.field('trailer')]).toEqual([
      'abc',
      '3',
      undefined,
    ]);
  });

  it('says what the forwarder must know beside the fields', async () => {
    const { attempt, message } = await sent({ fields: ['Accept', 'text/event-stream', 'TE', 'trailers'] });
    expect(attempt().request).toMatchObject({
      method: 'GET',
      body: undefined,
      ownConnection: true,
      acceptsTrailers: true,
      expectsContinue: false,
      upgrade: undefined,
      tie: undefined,
    });
    expect(attempt().request.message).toBe(message);
  });
});
