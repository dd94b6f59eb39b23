import { describe, expect, it } from 'vitest';
import { basicCredentials } from './basic-credentials.js';

const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('the credentials of Basic', () => {
  it.each([
    ['ops:secret', 'ops', 'secret'],
    ['ops:', 'ops', ''],
    [':x', '', 'x'],
    ['ops:with:colons', 'ops', 'with:colons'],
    ['José:pässwörd', 'José', 'pässwörd'],
  ])('%j are a name and a password', (text, name, password) => {
    expect(basicCredentials(encode(text))).toEqual({ name, password });
  });

  it('keep a byte order mark: two different passwords never count as the same', () => {
    expect(basicCredentials(encode('\ufeffops:x'))).toEqual({ name: '\ufeffops', password: 'x' });
  });

  it.each(['', '=', 'a b', '!!!!', encode('no colon'), encode('a:b\n'), encode('a\0:b'), encode('a:b\x85'), '//8='])(
    'are not there in %j',
    text => {
      expect(basicCredentials(text)).toBeUndefined();
    },
  );
});
