import { brotliCompressSync, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import { HeldResponse } from './held-response.js';
import type { TransformedResponse } from './transformer.js';

const head = { status: 200 } as TransformedResponse;
const upper = { name: 'upper', limit: 8, transform: (body: Buffer) => body.toString().toUpperCase() };
const twice = { name: 'twice', limit: 100, transform: async (body: Buffer) => Buffer.concat([body, body]) };

function held(headers: string[], ...steps: (typeof upper | typeof twice)[]): HeldResponse {
  const response = HeldResponse.of(head, headers, steps);
  if (response instanceof GatewayError) throw new Error(response.reason);
  return response;
}

describe('a response that is held', () => {
  it('goes through its transformers in their order, and has the length of what comes out', async () => {
    const headers = ['Content-Length', '2'];
    const response = held(headers, upper, twice);
    for (const piece of ['a', 'b']) expect(response.add(Buffer.from(piece))).toBeUndefined();
    expect([String(await response.transformed()), headers]).toEqual(['ABAB', ['Content-Length', '4']]);
  });

  it.each([
    ['br', brotliCompressSync('ab')],
    ['deflate', deflateSync('ab')],
  ])('is decompressed: %s', async (coding, bytes) => {
    const headers = ['content-encoding', coding];
    const response = held(headers, { ...upper, limit: 100 });
    response.add(bytes);
    expect([String(await response.transformed()), headers]).toEqual(['AB', ['Content-Length', '2']]);
  });

  it('is refused as soon as it is known to be too large, by the smallest limit', () => {
    expect(HeldResponse.of(head, ['Content-Length', '9'], [upper, twice])).toMatchObject({
      reason: 'transformer upper, twice: the body is larger than 8 bytes',
    });
    const response = held([], upper);
    expect(response.add(Buffer.from('12345678'))).toBeUndefined();
    expect(response.add(Buffer.from('9'))).toMatchObject({ code: 'INTERNAL' });
  });

  it('tells which transformer has failed', async () => {
    const response = held([], upper, { name: 'odd', limit: 9, transform: () => Promise.reject(new Error('no')) });
    expect(await response.transformed()).toMatchObject({ reason: 'transformer odd: no' });
  });
});
