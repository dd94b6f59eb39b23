import type { ExchangeRecord } from '../../src/http/exchange-record.js';

/** What recorders get of an exchange that has ended well, in 62.5 ms; with changes. */
export function exchangeRecord(changes: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    id: 'r-1',
    protocol: 'http',
    method: 'GET',
    host: 'shop.example',
    path: '/orders/7',
    headers: {},
    clientIp: '203.0.113.7',
    listener: 'web',
    httpVersion: '1.1',
    status: 200,
    routeName: 'orders',
    upstreamName: 'orders',
    backendId: 'a',
    attempts: 1,
    errorCode: undefined,
    errorReason: undefined,
    bytesIn: 3,
    bytesOut: 1000,
    times: { openedAt: 1000, dispatchedAt: 1001, sentAt: 1002, respondedAt: 1003, closedAt: 1062.5 },
    ...changes,
  };
}
