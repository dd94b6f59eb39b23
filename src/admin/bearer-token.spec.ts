import { describe, expect, it } from 'vitest';
import { BearerToken } from './bearer-token.js';

describe('the admin token', () => {
  const token = new BearerToken('s3cret');

  it.each(['Bearer s3cret', 'bearer s3cret', 'BEARER   s3cret '])('is found in "%s"', field => {
    expect(token.isIn(field)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    's3cret',
    'Basic s3cret',
    'Bearer s3cre',
    'Bearer s3cret2',
    'Bearer S3cret',
    'Bearer s3cret x',
  ])('is not found in "%s"', field => {
    expect(token.isIn(field)).toBe(false);
  });

  it('matches no request when it is the mask of a printed configuration', () => {
    expect(new BearerToken('****').isIn('Bearer ****')).toBe(false);
  });
});
