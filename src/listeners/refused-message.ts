import type { IncomingHttpHeaders } from 'node:http';
import { ExchangeTimes, type ExchangeRecord } from '../http/exchange-record.js';
import type { GatewayError } from '../http/gateway-error.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';

/** The record of a message that was refused before it became an exchange, with the few facts that are known of it. */
export class RefusedMessage implements ExchangeRecord {
  readonly protocol = 'http';
  readonly scheme: 'http' | 'https';
  readonly listener: string;
  readonly method: string;
  readonly host = '';
  readonly path: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly httpVersion: string;
  readonly status: number;
  readonly routeName = undefined;
  readonly upstreamName = undefined;
  readonly backendId = undefined;
  readonly attempts = 0;
  readonly errorCode: string;
  readonly errorReason: string | undefined;
  readonly bytesIn = 0;
  readonly bytesOut = 0;
  readonly times = new ExchangeTimes();

  constructor(
    readonly id: string,
    { name, scheme }: ListenerInfo,
    readonly clientIp: string,
    readonly error: GatewayError,
  ) {
    this.times.closedAt = this.times.openedAt;
    this.listener = name;
    this.scheme = scheme;
    this.method = '-';
    this.path = '-';
    this.headers = {};
    this.httpVersion = '-';
    this.status = error.status;
    this.errorCode = error.code;
    this.errorReason = error.cause;
  }
}
