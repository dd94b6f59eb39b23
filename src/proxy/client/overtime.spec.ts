import { expect, it } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import { overtime } from './overtime.js';

it('the log gets the limit that was over with its value, and the client the same answer', () => {
  const error = new GatewayError('QUEUE_FULL', 'Busy.', 'waited', 503, ['Retry-After', '1']);
  expect(overtime(error, 'connections.queueTimeout', 5000)).toMatchObject({
    code: 'QUEUE_FULL',
    detail: 'Busy.',
    reason: 'waited',
    status: 503,
    headers: ['Retry-After', '1'],
    origin: { timeout: 'connections.queueTimeout 5s' },
  });
  expect(overtime(error, 'timeouts.response', 249.6).origin.timeout).toBe('timeouts.response 250ms');
});
