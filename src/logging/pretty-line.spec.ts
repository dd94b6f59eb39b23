import { expect, it } from 'vitest';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { LineBuffer } from './line-buffer.js';
import { writePrettyLine } from './pretty-line.js';

const ordinary = {
  ...{ method: 'GET', path: '/dead/1', status: 502, attempts: 3, upstreamName: 'shop', backendId: '10.0.0.2:3000' },
  ...{ errorCode: 'CONNECT_FAILED', errorReason: 'ECONNREFUSED: connect ECONNREFUSED 10.0.0.2:3000' },
  times: { openedAt: 0, closedAt: 77.3 },
} as unknown as ExchangeRecord;

const noon = new Date(2026, 10, 30, 16, 21, 59).getTime();

function line(changes: object = {}, isColored = false, headers = ''): string {
  const buffer = new LineBuffer(16);
  const fields = [
    { name: 'ua', key: new Uint8Array(), read: () => 'a\x1b[2J' },
    { name: 'none', key: new Uint8Array(), read: () => undefined },
  ];
  const shape = { isoTime: false, addressPrefix: 32, fields: 'fields' in changes ? fields : [] };
  writePrettyLine(buffer, { ...ordinary, ...changes }, noon, shape, isColored, headers);
  return buffer.take().toString();
}

it('is one line that a person reads', () => {
  expect(line()).toBe('16:21:59 GET 502 /dead/1 77ms → shop 10.0.0.2:3000 CONNECT_FAILED refused, 3 tries\n');
  const nothing = { upstreamName: undefined, backendId: undefined, attempts: 0 };
  const denied = { ...nothing, status: 429, errorCode: 'DENIED', errorReason: 'rate-limit 10/1s per address' };
  expect(line(denied)).toBe('16:21:59 GET 429 /dead/1 77ms DENIED rate-limit 10/1s per address\n');
  const well = { status: 200, attempts: 1, errorCode: undefined, errorReason: undefined };
  expect(line({ ...well, times: { openedAt: 0, closedAt: 1.26 } })).toBe(
    '16:21:59 GET 200 /dead/1 1.3ms → shop 10.0.0.2:3000\n',
  );
  expect(line({ trail: { fellBack: true } })).toContain(', 3 tries, fallback\n');
  expect(line({ fields: true }, false, ',"headers":{}')).toMatch(/3 tries ua=a\\u001b\[2J "headers":\{\}\n$/);
});

it.each([
  [200, 32],
  [304, 32],
  [404, 33],
  [502, 31],
  [0, 31],
  [499, 2],
])('has the status %i in colour %i', (status, color) => {
  expect(line({ status }, true)).toContain(`\x1b[${color}m${status}\x1b[0m`);
});

it('lets no control character of a client reach the terminal', () => {
  const evil = 'a\x1b[2J\nb\x9b31m\u202e';
  const text = line({ path: evil, method: evil, errorReason: evil });
  expect(text).toMatch(/^[\x20-\x7e→]+\n$/);
});
