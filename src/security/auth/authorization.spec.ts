import { describe, expect, it } from 'vitest';
import { credentialsOf } from './authorization.js';

describe('the credentials of an Authorization value', () => {
  it('follow the scheme, which may be in any case', () => {
    expect(credentialsOf('Bearer abc', 'bearer')).toBe('abc');
    expect(credentialsOf('bEARER   abc ', 'bearer')).toBe('abc');
  });

  it('are empty when only the scheme is there', () => {
    expect(credentialsOf('Bearer', 'bearer')).toBe('');
    expect(credentialsOf('Bearer ', 'bearer')).toBe('');
  });

  it.each([undefined, '', 'Bear', 'Basic abc', 'Bearerabc', 'Bearer\tabc', ' Bearer abc'])(
    'are not there in %j',
    value => {
      expect(credentialsOf(value, 'bearer')).toBeUndefined();
    },
  );
});
