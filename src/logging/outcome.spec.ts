import { describe, expect, it } from 'vitest';
import { exchangeRecord } from '../../test/support/exchange-record.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { ExchangeTrail } from '../http/exchange-trail.js';
import { errorTable, GatewayError, type ErrorCode } from '../http/gateway-error.js';
import { closerOf, levelOf, phaseOf } from './outcome.js';

const fellBack = Object.assign(new ExchangeTrail(), { fellBack: true });
const queued = Object.assign(new ExchangeTrail(), { isQueued: true });

describe('the level of an access line', () => {
  it.each([
    ['an answer', {}, 30],
    ['a 404 of a backend', { status: 404 }, 30],
    ['a 503 of a backend', { status: 503 }, 50],
    ['a refusal', { status: 429, errorCode: 'DENIED' }, 30],
    ['a refusal with a 5xx by the fault of the client', { status: 501, errorCode: 'DENIED' }, 40],
    ['a client that has gone', { status: 499, errorCode: 'CLIENT_ABORTED' }, 30],
    ['no backend', { status: 503, errorCode: 'NO_BACKEND' }, 50],
    ['half an answer', { status: 200, errorCode: 'BODY_BROKEN' }, 50],
    ['a fallback that the client may take for an answer', { status: 200, errorCode: 'RESET', trail: fellBack }, 40],
    ['a fallback that says that it is none', { status: 503, errorCode: 'RESET', trail: fellBack }, 50],
    ['another upstream that stood in', { status: 200, trail: fellBack }, 40],
    ['a code of no table', { status: 502, errorCode: 'constructor' }, 50],
  ])('for %s', (_what, changes, level) => expect(levelOf(exchangeRecord(changes))).toBe(level));
});

describe('who has ended an exchange early', () => {
  const closer = (code: ErrorCode, timeout?: string): unknown => {
    const error = new GatewayError(code).because('x', { timeout });
    return closerOf(exchangeRecord({ error, errorCode: code, status: errorTable[code].status }));
  };

  it('is the client that has gone, the backend that has closed or refused its connection, else the gateway', () => {
    expect(closerOf(exchangeRecord())).toBeUndefined();
    expect([closer('CLIENT_ABORTED'), closer('RESET'), closer('CONNECT_FAILED'), closer('BODY_BROKEN')]).toEqual([
      'client',
      'backend',
      'backend',
      'backend',
    ]);
    expect([closer('DENIED'), closer('PROTOCOL'), closer('HEAD_TIMEOUT')]).toEqual(['gateway', 'gateway', 'gateway']);
  });

  it('is the gateway where a time limit was over', () => {
    expect([closer('CLIENT_ABORTED', 'limits.writeTimeout 60s'), closer('BODY_BROKEN', 'timeouts.idle 60s')]).toEqual([
      'gateway',
      'gateway',
    ]);
  });

  it('is the side of a tunnel that has closed it', () => {
    const tunnel = { messagesIn: 0, messagesOut: 0, closeCode: 1000, closedBy: 'backend' } as const;
    expect(closerOf(exchangeRecord({ tunnel, status: 101 }))).toBe('backend');
  });
});

describe('the phase in which it ended', () => {
  const at = (times: Partial<ExchangeRecord['times']>, changes: Partial<ExchangeRecord> = {}): string =>
    phaseOf(
      exchangeRecord({
        bytesIn: 0,
        ...changes,
        times: { openedAt: 1, dispatchedAt: 0, sentAt: 0, respondedAt: 0, closedAt: 9, ...times },
      }),
    );
  const dispatched = { dispatchedAt: 2 };

  it('is the last to which it came', () => {
    expect([
      at({ dispatchedAt: 2 }, { routeName: undefined }),
      at({}),
      at(dispatched, { attempts: 0 }),
      at(dispatched, { attempts: 0, bytesIn: 3 }),
      at(dispatched, { errorCode: 'BODY_TOO_LARGE' }),
      at(dispatched, { attempts: 0, trail: queued }),
      at(dispatched),
      at({ ...dispatched, sentAt: 3 }),
      at({ ...dispatched, sentAt: 3, respondedAt: 4 }),
      at({ ...dispatched, sentAt: 3, respondedAt: 4 }, { tunnelled: true }),
    ]).toEqual(['head', 'policies', 'policies', 'body', 'body', 'queue', 'connect', 'backend', 'response', 'tunnel']);
  });
});
