import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { GatewayError } from '../http/gateway-error.js';
import { RefusedMessage } from './refused-message.js';

const listener = { name: 'web', scheme: 'https', port: 443, unix: false, draining: false } as const;
const late = new GatewayError('CLIENT_TIMEOUT', 'The request head did not arrive in time.', 'ERR_HTTP_REQUEST_TIMEOUT');

it('a message that was refused is logged with what is known of it: where it came in, from whom, and why', () => {
  const record = new RefusedMessage('r-1', listener, '192.0.2.1', late, undefined);
  expect(record).toMatchObject({
    id: 'r-1',
    listener: 'web',
    scheme: 'https',
    clientIp: '192.0.2.1',
    status: 408,
    errorCode: 'CLIENT_TIMEOUT',
    errorReason: 'ERR_HTTP_REQUEST_TIMEOUT',
    method: '-',
    path: '-',
    headers: {},
    httpVersion: '-',
  });
  expect(record.closedAt).toBe(record.openedAt);
});

it('one of which the head was read is logged with that', () => {
  const head = { method: 'CONNECT', url: 'a:1', headers: { host: 'a:1' }, httpVersion: '1.1' } as IncomingMessage;
  expect(new RefusedMessage('r-1', listener, '192.0.2.1', late, head)).toMatchObject({
    method: 'CONNECT',
    path: 'a:1',
    headers: { host: 'a:1' },
    httpVersion: '1.1',
  });
});
