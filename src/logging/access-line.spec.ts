import { describe, expect, it } from 'vitest';
import { exchangeRecord } from '../../test/support/exchange-record.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { ExchangeTrail } from '../http/exchange-trail.js';
import { GatewayError } from '../http/gateway-error.js';
import { writeAccessLine } from './access-line.js';
import { LineBuffer } from './line-buffer.js';
import { levelOf } from './outcome.js';

const ordinary = exchangeRecord({
  headers: { host: 'shop.example', authorization: 'Bearer abc', ':path': '/orders/7?key=secret', 'x-tag': 'a' },
  backendId: '10.0.0.1:3000',
  bytesOut: 1024,
  times: { openedAt: 1000.1, dispatchedAt: 1000.35, sentAt: 1000.4, respondedAt: 1012.4, closedAt: 1013.1 },
});

/** The line of an exchange that differs so. */
function write(changes: Partial<ExchangeRecord> = {}): Record<string, unknown> {
  const record = { ...ordinary, ...changes };
  const line = new LineBuffer(16);
  writeAccessLine(line, record, 0, levelOf(record), { isoTime: false, addressPrefix: 32, fields: [] });
  return JSON.parse(line.take().toString()) as Record<string, unknown>;
}

describe('the access line', () => {
  it('tells each try of an exchange that had several, and where the time went', () => {
    const trail = new ExchangeTrail();
    trail.queued = 2;
    trail.ended('a', 1005.35, 1002.35, { error: 'CONNECT_FAILED' });
    trail.began('b', 1006.35);
    trail.ended('b', 1008.35, 0, { status: 503 });
    trail.began('c', 1009.35);
    trail.retriedAt = 1009.35;
    const line = write({
      attempts: 3,
      backendId: 'c',
      trail,
      times: { openedAt: 1000.1, dispatchedAt: 1000.35, sentAt: 1010.35, respondedAt: 1012.35, closedAt: 1013.1 },
    });
    expect(line).toMatchObject({
      level: 40,
      tries: [
        { backend: 'a', error: 'CONNECT_FAILED', ms: 3 },
        { backend: 'b', status: 503, ms: 2 },
        { backend: 'c', status: 200, ms: 3 },
      ],
      ms: { route: 0.25, queue: 2, retry: 7, connect: 1, backend: 2, total: 13 },
    });
  });

  it('has no tries where there was one attempt', () => {
    const trail = new ExchangeTrail();
    trail.ended('a', 1005, 1002, { error: 'CONNECT_FAILED' });
    expect(write({ status: 502, errorCode: 'CONNECT_FAILED', trail })).not.toHaveProperty('tries');
  });

  it('tells of the first of two attempts side by side, where that has won', () => {
    const trail = new ExchangeTrail();
    trail.began('10.0.0.1:3000', 1000.35);
    trail.began('b', 1005);
    const line = write({ attempts: 2, trail });
    expect(line).toMatchObject({
      level: 30,
      tries: [
        { status: 200, ms: 12.05 },
        { backend: 'b', ms: 8.1 },
      ],
    });
    expect(line['ms']).toEqual({ route: 0.25, connect: 0.05, backend: 12, total: 13 });
  });

  it('says by which time limit, in which phase and by whom an exchange has ended early', () => {
    const error = new GatewayError('HEAD_TIMEOUT').because('no answer', { timeout: 'timeouts.response 15s' });
    const times = { ...ordinary.times, respondedAt: 0 };
    expect(write({ status: 504, error, errorCode: error.code, errorReason: error.cause, times })).toMatchObject({
      level: 50,
      error: 'HEAD_TIMEOUT',
      reason: 'no answer',
      timeout: 'timeouts.response 15s',
      phase: 'backend',
      closedBy: 'gateway',
    });
    const line = write();
    for (const key of ['timeout', 'phase', 'closedBy', 'traceId', 'identity']) expect(line).not.toHaveProperty(key);
  });

  it.each(['', 'ff', '00-00000000000000000000000000000000-b7ad6b7169203331-01', '00-"}{-b7ad6b7169203331-01'])(
    'takes no trace id from %j',
    value => expect(write({ rawHeaders: ['traceparent', value] })).not.toHaveProperty('traceId'),
  );
});
