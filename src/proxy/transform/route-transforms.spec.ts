import { describe, expect, it } from 'vitest';
import { plainRequest } from '../../../test/support/forwarding.js';
import { GatewayError } from '../../http/gateway-error.js';
import { HeldResponse } from './held-response.js';
import { RouteTransforms } from './route-transforms.js';
import type { ExchangeTransformer, TransformedExchange, TransformedResponse } from './transformer.js';

const exchange = { method: 'GET', host: 'a' } as TransformedExchange;
const transforms = (transformer: ExchangeTransformer) => new RouteTransforms([{ name: 'own', transformer }]);
const body: ExchangeTransformer = { transformBody: () => '' };

describe('the transformers of a route', () => {
  it('may send a request elsewhere, to what is a path', () => {
    const to = (path: string) =>
      transforms({ transformRequest: request => void (request.path = path) }).request(exchange, { ...plainRequest });
    expect(to('/b?c')).toMatchObject({ path: '/b?c' });
    for (const wrong of ['b', '/a b', '/a#b', 'http://c/', '/é']) {
      expect(to(wrong)).toMatchObject({
        code: 'INTERNAL',
        reason: `transformer own: no path: ${JSON.stringify(wrong)}`,
      });
    }
  });

  it('ask for whole bodies only where one wants bodies', () => {
    const headers = ['Host', 'a', 'Range', 'bytes=0-1', 'If-Range', '"a"', 'Accept-Encoding', 'br'];
    const asked = (transformer: ExchangeTransformer) =>
      transforms(transformer).request(exchange, { ...plainRequest, headers: [...headers] });
    expect(asked({})).toMatchObject({ headers });
    expect(asked(body)).toMatchObject({ headers: ['Host', 'a', 'Accept-Encoding', 'identity'] });
  });

  it.each([
    [200, 204],
    [204, 200],
    [200, 101],
    [200, 99.5],
    [101, 200],
  ])('cannot make %d %d', (from, to) => {
    const transformResponse = (response: TransformedResponse): void => void (response.status = to);
    expect(transforms({ transformResponse }).response(exchange, from, [])).toBeInstanceOf(GatewayError);
  });

  it('hold a response only where there is a body that one wants', () => {
    const response = (transformer: ExchangeTransformer, status = 200, method = 'GET', headers: string[] = []) =>
      transforms(transformer).response({ ...exchange, method }, status, headers);
    expect(response(body)).toBeInstanceOf(HeldResponse);
    expect(response(body, 200, 'GET', ['Content-Type', 'text/event-stream'])).toBe(200);
    expect([response(body, 204), response(body, 200, 'HEAD'), response(body, 101)]).toEqual([204, 200, 101]);
    expect(response({ ...body, wantsBody: () => false })).toBe(200);
    expect(response({ ...body, wantsBody: () => { throw new Error('odd'); } })).toMatchObject({ reason: 'transformer own: odd' }); // prettier-ignore
  });
});
