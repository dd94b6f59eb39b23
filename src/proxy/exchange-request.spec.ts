import { describe, expect, it } from 'vitest';
import { roadTo, type RequestOptions } from '../../test/support/road-scene.js';
import { ExchangeRequest } from './exchange-request.js';

const requestOf = async (options: RequestOptions = {}, others: object = {}): Promise<ExchangeRequest> =>
  new ExchangeRequest((await roadTo(['a'], {}, others)).open(options).exchange);

describe('the request that guards see', () => {
  it('has the names that Express and Fastify have in common', async () => {
    const request = await requestOf({ path: '/a%20b', query: 'x=1', method: 'POST', fields: ['X-One', '1'] });
    expect([request.method, request.url, request.originalUrl, request.path]).toEqual([
      'POST',
      '/a%20b?x=1',
      '/a%20b?x=1',
      '/a%20b',
    ]);
    expect([request.ip, request.hostname, request.protocol, request.httpVersion]).toEqual([
      '192.0.2.1',
      'a.example',
      'http',
      '1.1',
    ]);
    expect([request.id, request.headers['x-one'], request.get('X-ONE'), request.header('x-one')]).toEqual([
      request.exchange.id,
      '1',
      '1',
      '1',
    ]);
    expect(request.raw).toBe(request.exchange.message);
  });

  it('has a path without a question mark where the client sent none', async () => {
    expect((await requestOf({ path: '/a' })).url).toBe('/a');
    expect((await requestOf({ path: '/a', query: '' })).url).toBe('/a?');
  });

  it('has query parameters, of several of one name a list, and no names of Object', async () => {
    const { query } = await requestOf({ query: 'a=1&b=2&a=3&a=4&c' });
    expect({ ...query }).toEqual({ a: ['1', '3', '4'], b: '2', c: '' });
    expect('constructor' in query).toBe(false);
    expect({ ...(await requestOf()).query }).toEqual({});
  });

  it('says which route takes it, and where that leads', async () => {
    const routes = [
      { name: 'orders', match: { path: '/orders/*' }, upstream: 'app' },
      { name: 'fixed', match: { path: '/fixed' }, respond: { status: 200 } },
    ];
    const routeOf = async (path: string) => (await requestOf({ path }, { routes })).route;
    expect(await routeOf('/orders/1')).toEqual({ name: 'orders', upstream: 'app' });
    expect(await routeOf('/fixed')).toEqual({ name: 'fixed', upstream: undefined });
    expect(await routeOf('/other')).toBeUndefined();
  });
});
