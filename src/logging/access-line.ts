import type { IncomingHttpHeaders } from 'node:http';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { milliseconds, quote } from './json-text.js';

/**
 * The access line of an exchange: JSON in pino's form, line end included, fields in an order that reads well. Fields
 * without a value are left out. Built by hand: five times as fast as pino's way over an object.
 *
 * `ms` tells where the time went. `route`: finding the route and asking the policies; `connect`: from there until the
 * last attempt's head was on a connection (queueing, connecting and earlier attempts); `backend`: until the response
 * head; `total`: until the last byte.
 */
export function accessLine(record: ExchangeRecord, time: number, headers = ''): string {
  let line =
    `{"level":30,"time":${time},"requestId":${quote(record.id)},"client":${quote(record.clientIp)}` +
    `,"method":${quote(record.method)},"host":${quote(record.host)},"path":${quote(record.path)}` +
    `,"protocol":"${record.protocol}","httpVersion":"${record.httpVersion}","listener":${quote(record.listener)}` +
    `,"status":${record.status}`;
  if (record.routeName !== undefined) line += `,"route":${quote(record.routeName)}`;
  if (record.upstreamName !== undefined) line += `,"upstream":${quote(record.upstreamName)}`;
  if (record.backendId !== undefined) line += `,"backend":${quote(record.backendId)}`;
  line += `,"attempts":${record.attempts}`;
  if (record.errorCode !== undefined) line += `,"error":${quote(record.errorCode)}`;
  if (record.errorReason !== undefined) line += `,"reason":${quote(record.errorReason)}`;
  if (record.tunnel !== undefined) {
    const { messagesIn, messagesOut, closeCode, closedBy } = record.tunnel;
    line += `,"messagesIn":${messagesIn},"messagesOut":${messagesOut},"closeCode":${closeCode},"closedBy":"${closedBy}"`;
  }
  line += `,"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut}`;
  if (record.events !== undefined) line += `,"events":${record.events}`;
  if (record.resumes !== undefined && record.resumes > 0) line += `,"resumes":${record.resumes}`;
  return `${line},"ms":{${phases(record)}}${headers},"msg":"exchange"}\n`;
}

function phases({ openedAt, dispatchedAt, sentAt, respondedAt, closedAt }: ExchangeRecord): string {
  let text = '';
  if (dispatchedAt > 0) {
    text = `"route":${milliseconds(dispatchedAt - openedAt)},`;
    if (sentAt > 0) {
      text += `"connect":${milliseconds(sentAt - dispatchedAt)},`;
      if (respondedAt > 0) text += `"backend":${milliseconds(respondedAt - sentAt)},`;
    }
  }
  return `${text}"total":${milliseconds(closedAt - openedAt)}`;
}

/** The `headers` field of an access line; values of names in `redacted` (lower case) are hidden. HTTP/2 pseudo-headers are left out: `:path` has the query. */
export function headersField(headers: Readonly<IncomingHttpHeaders>, redacted: ReadonlySet<string>): string {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':')) continue;
    const shown = redacted.has(name)
      ? '"[redacted]"'
      : typeof value === 'string'
        ? quote(value)
        : `[${value.map(quote).join(',')}]`;
    fields.push(`${quote(name)}:${shown}`);
  }
  return `,"headers":{${fields.join(',')}}`;
}
