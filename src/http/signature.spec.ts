import { describe, expect, it } from 'vitest';
import { Signature } from './signature.js';

const signature = new Signature({ requestId: { header: 'x-request-id', echo: true }, instance: 'a1.b' });

describe('the signature of a gateway', () => {
  it.each([
    [undefined, false],
    ['1.1 gatehouse-a1.b', true],
    ['1.0 fred, 2.0  gatehouse-a1.b', true],
    ['HTTP/1.1 gatehouse-a1.b (a comment), 1.1 p', true],
    ['1.1 gatehouse-a1.b,1.1 p', true],
    ['1.1 gatehouse-a1.b2', false],
    ['1.1 gatehouse-a1xb', false],
    ['1.1 xgatehouse-a1.b', false],
    ['1.1 gatehouse', false],
    ['1.1 p (1.1 gatehouse-a1.b was here)', false],
    ['gatehouse-a1.b', false],
  ])('is found in Via %j: %s', (via, expected) => {
    expect(signature.isOn(via)).toBe(expected);
  });

  it('puts the id of a request in place of what is there', () => {
    const headers = ['A', '1', 'x-request-id', 'of-the-backend', 'X-REQUEST-ID', 'again', 'B', '2'];
    signature.tell(headers, 'ours');
    expect(headers).toEqual(['A', '1', 'B', '2', 'X-Request-Id', 'ours']);
  });

  it('can have another name for it, and keep it from clients', () => {
    const quiet = new Signature({ requestId: { header: 'x-correlation-id', echo: false }, instance: 'a' });
    const headers = ['X-Correlation-Id', 'of-the-backend'];
    quiet.tell(headers, 'ours');
    expect([quiet.idField, headers]).toEqual(['X-Correlation-Id', ['X-Correlation-Id', 'of-the-backend']]);
  });
});
