import { describe, expect, it } from 'vitest';
import { acceptOf, handshakeFault, newKey } from './handshake.js';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const right = { 'sec-websocket-version': '13', 'sec-websocket-key': key };

describe('handshakeFault', () => {
  it('finds nothing wrong with the handshake of RFC 6455 §1.3', () => {
    expect(handshakeFault(right)).toBeUndefined();
  });

  it.each(['8', '14', '013', '13.0', '', '13, 13', '13, 8'])(
    'answers version %j with the one that is spoken',
    version => {
      expect(handshakeFault({ ...right, 'sec-websocket-version': version })).toMatchObject({
        status: 426,
        headers: ['Sec-WebSocket-Version', '13', 'Upgrade', 'websocket'],
      });
    },
  );

  it('answers a wrong version before it looks at the key', () => {
    expect(handshakeFault({ 'sec-websocket-version': '7' })).toMatchObject({ status: 426 });
  });

  it.each([
    ['no version', { 'sec-websocket-key': key }, /Version is missing/],
    ['no key', { 'sec-websocket-version': '13' }, /Key is missing/],
    ['nothing', {}, /Version is missing/],
  ])('refuses a handshake with %s', (_, headers, detail) => {
    expect(handshakeFault(headers)).toMatchObject({ status: 400, headers: [], detail: expect.stringMatching(detail) });
  });

  it.each([
    '',
    'short',
    'dGhlIHNhbXBsZSBub25jZQ',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZTE=',
    'dGhlIHNhbXBsZSBub25jZTEy',
    'dGhlIHNhbXBsZSBub25-_Q==',
    ` ${key}`,
    `${key}\n`,
    `${key}, ${key}`,
  ])('refuses the key %j', value => {
    expect(handshakeFault({ ...right, 'sec-websocket-key': value })).toMatchObject({ status: 400, headers: [] });
  });
});

it('gives the Sec-WebSocket-Accept of RFC 6455 §1.3', () => {
  expect(acceptOf(key)).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

it('makes keys that are right and differ', () => {
  const keys = Array.from({ length: 50 }, newKey);
  for (const each of keys) expect(handshakeFault({ ...right, 'sec-websocket-key': each })).toBeUndefined();
  expect(new Set(keys).size).toBe(keys.length);
});
