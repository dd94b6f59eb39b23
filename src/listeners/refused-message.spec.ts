import { expect, it } from 'vitest';
import { GatewayError } from '../http/gateway-error.js';
import { RefusedMessage } from './refused-message.js';

const listener = { name: 'web', scheme: 'https', port: 443, unix: false, draining: false } as const;
const late = new GatewayError('CLIENT_TIMEOUT', 'The request head did not arrive in time.', 'headerTimeout');

it('a message that was refused is logged with what is known of it: where it came in, from whom, and why', () => {
  const record = new RefusedMessage('r-1', listener, '192.0.2.1', late);
  expect(record).toMatchObject({
    id: 'r-1',
    listener: 'web',
    scheme: 'https',
    clientIp: '192.0.2.1',
    status: 408,
    errorCode: 'CLIENT_TIMEOUT',
    errorReason: 'headerTimeout',
    method: '-',
    path: '-',
    headers: {},
    httpVersion: '-',
  });
  expect(record.times.closedAt).toBe(record.times.openedAt);
});
