import { ForbiddenException, HttpException, Logger } from '@nestjs/common';
import { afterEach, expect, it, vi } from 'vitest';
import { thrownError } from './thrown-error.js';

afterEach(() => vi.restoreAllMocks());

it('gives a client the status and the words of an HttpException, without a word in the log', () => {
  const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  expect(thrownError(new ForbiddenException('not you'))).toMatchObject({
    code: 'DENIED',
    status: 403,
    detail: 'not you',
    reason: 'guard ForbiddenException',
    origin: { policy: 'guard' },
  });
  expect(thrownError(new HttpException('tea', 418)).status).toBe(418);
  expect(log).not.toHaveBeenCalled();
});

it('gives a client 500 and none of the words for anything else, which is logged', () => {
  const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  for (const thrown of [new TypeError('secret'), 'secret', undefined]) {
    const error = thrownError(thrown);
    expect([error.code, error.status, error.detail.includes('secret')]).toEqual(['INTERNAL', 500, false]);
    expect(error.reason).toBe(String(thrown));
    expect(log).toHaveBeenLastCalledWith(thrown);
  }
});
