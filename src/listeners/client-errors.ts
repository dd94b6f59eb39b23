import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { canonicalAddress } from '../addresses/canonical-address.js';
import { GatewayError } from '../http/gateway-error.js';
import { problemResponse } from '../http/problem.js';
import { newRequestId } from '../http/request-id.js';
import type { Fault } from '../http1/fault.js';
import { writableLines } from '../http1/head-writer.js';
import { AccessLog } from '../logging/access-log.js';
import { Tail } from '../logging/tail/tail.js';
import { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import { peerOf } from '../proxy/client/client-connection.js';
import { overtime } from '../proxy/client/overtime.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { lastExchangeOn, Exchanges } from '../proxy/exchanges.js';
import { refusals } from '../proxy/plan/refusals.js';
import { RefusedMessage } from './refused-message.js';

/** Why a message is not read further: what is wrong with it, or that it did not come in time. */
export type Trouble = Fault | 'late-head' | 'late-body';

const lateHead = new GatewayError('CLIENT_TIMEOUT', 'The request head did not arrive in time.', 'headerTimeout');
const lateBody = new GatewayError('CLIENT_TIMEOUT', undefined, 'requestTimeout');

/** The times that a listener gives its clients, in milliseconds. */
export interface ClientTimes {
  readonly headerTimeout: number;
  readonly requestTimeout: number;
}

/** Answers messages of HTTP/1.x that cannot be read: malformed, oversized and late ones. */
@Injectable()
export class ClientErrors {
  constructor(
    private readonly exchanges: Exchanges,
    private readonly log: AccessLog,
    private readonly metrics: ExchangeMetrics,
    private readonly tail: Tail = new Tail(),
  ) {}

  /** Answers a message whose head cannot be read; nothing of it is forwarded. The connection must be ended behind it. */
  refuse(trouble: Trouble, socket: Socket, listener: ListenerInfo, { headerTimeout }: ClientTimes): void {
    if (!socket.writable) return;
    const error =
      typeof trouble === 'string' ? overtime(lateHead, 'limits.headerTimeout', headerTimeout) : verdict(trouble);
    const id = newRequestId();
    const peer = peerOf(socket, listener) ?? 'unknown';
    const client = canonicalAddress(peer) ?? peer;
    const record = new RefusedMessage(id, listener, client, error);
    const { status, headers, body } = problemResponse(error, id);
    this.exchanges.signature.tell(headers, id);
    this.exchanges.responseDefaults?.apply(headers, record);
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${writableLines(headers)}`;
    socket.write(`${head}Connection: close\r\n\r\n${body.toString()}`, 'latin1');
    this.metrics.opened(listener.name);
    this.metrics.closed(record);
    this.log.write(record);
    if (this.tail.isWatched) this.tail.closed(record);
  }

  /** Ends the exchange of a connection whose body cannot be read further. */
  breakOff(trouble: Trouble, socket: Socket, { requestTimeout }: ClientTimes): void {
    const error =
      typeof trouble === 'string' ? overtime(lateBody, 'limits.requestTimeout', requestTimeout) : brokenBody(trouble);
    lastExchangeOn(socket)?.fail(error);
  }
}

/** The error of a body that did not end. A client that closes its side within the body has gone away. */
function brokenBody({ kind, message }: Fault): GatewayError {
  return kind === 'truncated'
    ? new GatewayError('CLIENT_ABORTED', undefined, message)
    : new GatewayError('CLIENT_BODY', undefined, message);
}

function verdict({ kind, message }: Fault): GatewayError {
  switch (kind) {
    case 'version':
      return refusals.version;
    case 'target-too-long':
      return new GatewayError('DENIED', 'The request target is too long.', message, 414);
    case 'too-large':
      return new GatewayError('DENIED', 'The header fields are too large.', message, 431);
    default:
      return new GatewayError('DENIED', 'The message is not valid HTTP/1.1.', message, 400);
  }
}
