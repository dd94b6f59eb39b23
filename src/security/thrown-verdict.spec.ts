import { ForbiddenException, HttpException } from '@nestjs/common';
import { expect, it } from 'vitest';
import { GatewayError } from '../http/gateway-error.js';
import { thrownVerdict } from './thrown-verdict.js';

it('takes a GatewayError as it is, and an HttpException with its status and message', () => {
  const error = new GatewayError('DENIED', 'no', 'because', 429, ['Retry-After', '1']);
  expect(thrownVerdict(error)).toBe(error);
  expect(thrownVerdict(new ForbiddenException('not you'))).toMatchObject({
    code: 'DENIED',
    status: 403,
    detail: 'not you',
  });
  expect(thrownVerdict(new HttpException('tea', 418))).toMatchObject({ status: 418, cause: 'tea' });
});

it('takes nothing else for a verdict', () => {
  for (const thrown of [new Error('no'), 'no', undefined, { status: 403 }])
    expect(thrownVerdict(thrown)).toBeUndefined();
});
