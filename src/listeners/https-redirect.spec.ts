import { describe, expect, it } from 'vitest';
import { roadTo, type RequestOptions } from '../../test/support/road-scene.js';
import { parseHost } from '../http/host.js';
import { redirectToHttps } from './https-redirect.js';

/** What a client gets from a listener that redirects to `port`. */
async function redirected(port: number, options: RequestOptions & { readonly host?: string } = {}) {
  const { host = 'shop.example', ...rest } = options;
  const road = await roadTo(
    ['a'],
    {},
    { routes: [{ upstream: 'app', headers: { response: { set: { 'X-Route': '1' } } } }] },
  );
  const { answer, exchange } = road.open(rest);
  exchange.location.asksFor(parseHost(host) ?? { host: '', port: '' });
  redirectToHttps(exchange, port);
  return { answer, exchange, road };
}

describe('the redirect to https', () => {
  it.each([
    ['https://shop.example/a/b', { path: '/a/b' }, 443],
    ['https://shop.example/a?x=1&y=%20', { path: '/a', query: 'x=1&y=%20' }, 443],
    ['https://shop.example/a?', { path: '/a', query: '' }, 443],
    ['https://shop.example:8443/', {}, 8443],
    ['https://[::1]:8443/', { host: '[::1]:80' }, 8443],
    ['https://shop.example', { path: '*', method: 'OPTIONS' }, 443],
  ])('leads to %s', async (location, options, port) => {
    const { answer } = await redirected(port, options);
    expect(answer.told).toEqual(['308', '', 'end']);
    expect([answer.field('location'), answer.field('content-length')]).toEqual([location, '0']);
  });

  it('asks no backend, and names no route', async () => {
    const { answer, exchange, road } = await redirected(443);
    expect([exchange.routeName, answer.field('x-route'), road.forwarder.asked]).toEqual([undefined, undefined, []]);
  });

  it('is refused where the client names no host', async () => {
    const { answer, exchange } = await redirected(443, { host: '' });
    expect([answer.told[0], exchange.error?.code, answer.field('location')]).toEqual(['400', 'DENIED', undefined]);
  });
});
