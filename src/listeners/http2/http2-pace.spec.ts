import { describe, expect, it } from 'vitest';
import type { GatewayError } from '../../http/gateway-error.js';
import type { Exchange } from '../../proxy/exchange.js';
import { Http2Pace } from './http2-pace.js';

/** The part of an exchange that the pace uses, and how the exchange was ended. */
function exchangeOf(state: Partial<Exchange> & { unsent?: number }) {
  const ended: { error?: GatewayError; aborted: boolean } = { aborted: false };
  const exchange = {
    times: { openedAt: 0 },
    bytesIn: 0,
    bytesOut: 0,
    error: undefined,
    awaitsBody: true,
    withholdsContinue: false,
    isPressed: false,
    ...state,
    responder: {
      get unsent(): number {
        return exchange.unsent ?? 0;
      },
      abort: () => (ended.aborted = true),
    },
    fail: (error: GatewayError) => (ended.error ??= error),
  };
  return { exchange: exchange as unknown as Exchange & { unsent: number; bytesOut: number }, ended };
}

const uploading = { body: { ended: false } as Exchange['body'] & object };

describe('the pace of the streams of a connection', () => {
  it('ends a request that has not arrived in time, and no other', () => {
    const pace = new Http2Pace({ requestTimeout: 1_000, minBodyRate: 0, writeTimeout: 0 });
    const late = exchangeOf(uploading);
    const whole = exchangeOf({ body: { ended: true } as Exchange['body'] & object });
    const without = exchangeOf({});
    pace.sweep([late.exchange, whole.exchange, without.exchange], 999, 100);
    expect(late.ended.error).toBeUndefined();
    pace.sweep([late.exchange, whole.exchange, without.exchange], 1_001, 100);
    expect(late.ended.error?.code).toBe('CLIENT_TIMEOUT');
    expect(whole.ended.error).toBeUndefined();
    expect(without.ended.error).toBeUndefined();
  });

  it('ends an upload that is too slow', () => {
    const pace = new Http2Pace({ requestTimeout: 0, minBodyRate: 100, writeTimeout: 0 });
    const slow = exchangeOf({ ...uploading, bytesIn: 10 });
    const quick = exchangeOf({ ...uploading, bytesIn: 10_000 });
    for (let second = 1; second <= 21; second++) pace.sweep([slow.exchange, quick.exchange], second * 1_000, 1_000);
    expect(slow.ended.error).toMatchObject({ code: 'CLIENT_TIMEOUT', reason: '10 bytes in 20000 ms of waiting' });
    expect(quick.ended.error).toBeUndefined();
  });

  it('cuts a response that the client does not read, also when it is already an error', () => {
    const pace = new Http2Pace({ requestTimeout: 0, minBodyRate: 0, writeTimeout: 1_000 });
    const stalled = exchangeOf({ bytesOut: 500, unsent: 500 });
    const idle = exchangeOf({ bytesOut: 500, unsent: 0 });
    pace.sweep([stalled.exchange, idle.exchange], 0, 500);
    expect(stalled.ended.aborted).toBe(false);
    for (let now = 500; now <= 1_500; now += 500) pace.sweep([stalled.exchange, idle.exchange], now, 500);
    expect(stalled.ended).toMatchObject({ aborted: true, error: { code: 'CLIENT_ABORTED' } });
    expect(idle.ended.aborted).toBe(false);
  });

  it('leaves a response ten times as long while others of its connection move', () => {
    const pace = new Http2Pace({ requestTimeout: 0, minBodyRate: 0, writeTimeout: 1_000 });
    const stalled = exchangeOf({ bytesOut: 500, unsent: 500 });
    const moving = exchangeOf({ bytesOut: 500, unsent: 500 });
    let now = 0;
    const sweep = (): void => {
      moving.exchange.bytesOut += 10;
      pace.sweep([stalled.exchange, moving.exchange], (now += 500), 500);
    };
    for (let i = 0; i < 18; i++) sweep();
    expect(stalled.ended.aborted).toBe(false);
    for (let i = 0; i < 4; i++) sweep();
    expect(stalled.ended.aborted).toBe(true);
    expect(moving.ended.aborted).toBe(false);
  });
});
