import { expect, it } from 'vitest';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { writeCombinedLine } from './combined-line.js';
import { LineBuffer } from './line-buffer.js';

const ordinary = {
  ...{ clientIp: '203.0.113.7', method: 'GET', path: '/a', httpVersion: '1.1', status: 200, bytesOut: 12 },
  headers: { referer: 'https://a.example/x?token=hidden', 'user-agent': 'curl/8' },
} as unknown as ExchangeRecord;

function line(changes: object = {}, prefix = 32): string {
  const buffer = new LineBuffer(16);
  const fields = [{ name: 'size', key: new Uint8Array(), read: () => '7"' }];
  writeCombinedLine(buffer, { ...ordinary, ...changes }, Date.UTC(2026, 10, 30, 16, 1, 9), {
    isoTime: false,
    addressPrefix: prefix,
    fields: 'fields' in changes ? fields : [],
  });
  return buffer.take().toString();
}

it('is what tools for Apache and nginx read', () => {
  expect(line()).toBe(
    '203.0.113.7 - - [30/Nov/2026:16:01:09 +0000] "GET /a HTTP/1.1" 200 12 "https://a.example/x?token=****" "curl/8"\n',
  );
  expect(line({ headers: {}, bytesOut: 0, identity: { scheme: 'basic', subject: 'ann b', claims: {} } }, 16)).toBe(
    '203.0.0.0 - ann\\x20b [30/Nov/2026:16:01:09 +0000] "GET /a HTTP/1.1" 200 - "-" "-"\n',
  );
  expect(line({ method: '-', path: '-', httpVersion: '-', status: 400, headers: {} })).toContain('"- -" 400');
  expect(line({ fields: true })).toMatch(/"curl\/8" "7\\""\n$/);
});

it('lets nothing of a client end a value or a line', () => {
  const evil = 'a" 200 1\n203.0.113.9 - - \\\x1b[2J\u202eé';
  const text = line({ path: evil, headers: { 'user-agent': evil, referer: evil }, identity: { subject: evil } });
  expect(text).toMatch(/^[\x20-\x7e]+\n$/);
  expect(text.match(/(?<!\\)"/g)).toHaveLength(6);
  expect(text).toContain('a\\" 200 1\\x0a203.0.113.9 - - \\\\\\x1b[2J\\xe2\\x80\\xae\\xc3\\xa9');
});
