import { describe, expect, it } from 'vitest';
import { requestKey } from './request-key.js';
import { testRequest } from './testing.js';

const request = testRequest({
  path: '/cart',
  clientIp: '192.0.2.7',
  headers: { 'x-user': 'ann', 'x-empty': '', cookie: 'session=s1; theme=dark', 'set-cookie': ['one', 'two'] },
});

describe('the key of a request', () => {
  it.each([
    ['client-ip', '192.0.2.7'],
    ['path', '/cart'],
    ['header:x-user', 'ann'],
    ['header:X-User', 'ann'],
    ['header:set-cookie', 'one'],
    ['cookie:session', 's1'],
  ])('%s is %s', (form, key) => {
    expect(requestKey(form)(request)).toBe(key);
  });

  it.each(['header:x-empty', 'header:x-none', 'cookie:Session', 'cookie:none'])(
    'falls back to the client address without %s',
    form => {
      expect(requestKey(form)(request)).toBe('192.0.2.7');
    },
  );
});
