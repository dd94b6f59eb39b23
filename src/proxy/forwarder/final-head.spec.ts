import { describe, expect, it } from 'vitest';
import { badHead, isFinalHead } from './final-head.js';

describe('the head of a final response', () => {
  it.each([
    [200, undefined],
    [204, undefined],
    [999, undefined],
    [200, 'chunked'],
    [200, ' Chunked '],
    [200, ['chunked']],
  ])('passes with status %j and the coding %j', (status, coding) => {
    expect(isFinalHead(status, coding)).toBe(true);
  });

  it.each([
    [200, 'chunked, chunked', undefined, 'Transfer-Encoding says chunked twice'],
    [200, ['chunked', 'Chunked'], undefined, 'Transfer-Encoding says chunked twice'],
    [200, 'gzip, chunked', undefined, 'a Transfer-Encoding that is not chunked'],
    [101, undefined, undefined, 'status 101'],
    [1000, undefined, undefined, 'status 1000'],
    [undefined, undefined, undefined, 'status missing'],
  ])(
    'is refused with status %j, the coding %j and the length %j, and names what is wrong',
    (status, coding, length, says) => {
      expect(isFinalHead(status, coding)).toBe(false);
      const { code, reason } = badHead(status, coding, length);
      expect([code, reason]).toEqual(['PROTOCOL', `bad response: ${says}`]);
    },
  );

  it('names a length beside a coding first', () => {
    expect(badHead(200, 'chunked', '5').reason).toBe('bad response: both Transfer-Encoding and Content-Length');
  });
});
