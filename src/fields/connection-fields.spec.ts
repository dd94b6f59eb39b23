import { expect, it } from 'vitest';
import { connectionFields, isConnectionField } from './connection-fields.js';

it('the fields of a connection are these, in any case, and no others', () => {
  expect([...connectionFields]).toEqual([
    'connection',
    'http2-settings',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'transfer-encoding',
    'upgrade',
  ]);
  for (const name of connectionFields) expect(isConnectionField(name.toUpperCase())).toBe(true);
  for (const name of ['Content-Length', 'Trailer', 'Keep-Alives', 'TF', 'X-Upgrade']) {
    expect([name, isConnectionField(name)]).toEqual([name, false]);
  }
});
