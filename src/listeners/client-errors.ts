import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { canonicalAddress } from '../addresses/canonical-address.js';
import { GatewayError, type ErrorCode } from '../http/gateway-error.js';
import { problemResponse } from '../http/problem.js';
import { RawHeaders } from '../http/raw-headers.js';
import { newRequestId } from '../http/request-id.js';
import { AccessLog } from '../logging/access-log.js';
import { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import { introductionOf, peerOf } from '../proxy/client/client-connection.js';
import { discardsBody } from '../proxy/client/discarded-body.js';
import type { Exchange } from '../proxy/exchange.js';
import { exchangesOn, lastExchangeOn, type ExchangeSocket, Exchanges } from '../proxy/exchanges.js';
import { noExpectation, noMethod } from '../proxy/plan/refusals.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { RefusedMessage } from './refused-message.js';

const REFUSED = Symbol('gatehouse.refused');
type RefusedSocket = ExchangeSocket & { [REFUSED]?: true };

/** Milliseconds for which a refused client may go on sending before its connection is cut. */
const lingerFor = 1_000;

/** Answers the messages that Node's parser refuses: malformed, oversized and late ones; and the methods that make no exchange. */
@Injectable()
export class ClientErrors {
  constructor(
    private readonly exchanges: Exchanges,
    private readonly log: AccessLog,
    private readonly metrics: ExchangeMetrics,
  ) {}

  /** Answers a message that cannot be read further and closes its connection; nothing of it is forwarded. */
  broken(error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: RefusedSocket, listener: ListenerInfo): void {
    if (socket[REFUSED]) return;
    const nothingSaid = socket.bytesRead <= (introductionOf(socket)?.prelude ?? 0);
    const isLost = error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable;
    // A request that has been answered gets no second answer when the rest of it does not come.
    if (isLost || nothingSaid || discardsBody(socket)) {
      socket.destroy();
      return;
    }
    const exchange = lastExchangeOn(socket);
    if (exchange === undefined) {
      this.#refuse(verdict(error), socket, listener);
    } else if (!exchange.message.complete) {
      exchange.fail(new GatewayError(brokenBody(error.code), undefined, error.code));
    } else {
      this.#refuseBehind(exchange, verdict(error), socket, listener);
    }
  }

  connect(request: IncomingMessage, socket: Socket, listener: ListenerInfo): void {
    socket.on('error', () => socket.destroy());
    const exchange = lastExchangeOn(socket as RefusedSocket);
    if (exchange === undefined) {
      this.#refuse(noMethod, socket, listener, request);
      return;
    }
    // Node no longer handles the connection, so it does not tell the earlier answers when the client has read.
    socket.on('drain', () => {
      for (const { raw } of exchangesOn(socket)) raw?.response.emit('drain');
    });
    this.#refuseBehind(exchange, noMethod, socket, listener, request);
  }

  expectation(request: IncomingMessage, response: ServerResponse, listener: ListenerInfo): void {
    this.exchanges.begin(request, response, listener, false)?.fail(noExpectation);
  }

  /** Refuses a message after the earlier messages on the connection have been answered: the client must see those answers first. */
  #refuseBehind(
    { raw }: Exchange,
    error: GatewayError,
    socket: RefusedSocket,
    listener: ListenerInfo,
    request?: IncomingMessage,
  ): void {
    socket[REFUSED] = true;
    raw?.response.once('close', () => {
      socket[REFUSED] = undefined!;
      if (socket.writable) this.#refuse(error, socket, listener, request);
      else socket.destroy();
    });
  }

  #refuse(error: GatewayError, socket: RefusedSocket, listener: ListenerInfo, request?: IncomingMessage): void {
    socket[REFUSED] = true;
    const id = newRequestId();
    const peer = peerOf(socket, listener) ?? 'unknown';
    const client = canonicalAddress(peer) ?? peer;
    const record = new RefusedMessage(id, listener, client, error, request);
    const { status, headers, body } = problemResponse(error, id);
    this.exchanges.signature.tell(headers, id);
    this.exchanges.responseDefaults?.apply(headers, record);
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${RawHeaders.lines(headers)}`;
    socket.end(`${head}Connection: close\r\n\r\n${body.toString()}`, 'latin1');
    // If the connection were closed at once, the bytes that the client still sends would make the kernel reset it, and the
    // answer would be lost.
    const cut = setTimeout(() => socket.destroy(), lingerFor).unref();
    socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(cut));
    socket.resume();
    this.metrics.opened(listener.name);
    this.metrics.closed(record);
    this.log.write(record);
  }
}

/** The error of a body that did not end. A client that closes its side within the body has gone away. */
function brokenBody(code: string | undefined): ErrorCode {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'CLIENT_TIMEOUT';
  return code === 'HPE_INVALID_EOF_STATE' ? 'CLIENT_ABORTED' : 'CLIENT_BODY';
}

function verdict(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): GatewayError {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new GatewayError('CLIENT_TIMEOUT', 'The request head did not arrive in time.', error.code);
    case 'HPE_HEADER_OVERFLOW':
      // When the last packet has no line end, the request line itself is too long.
      return error.rawPacket?.includes('\n') === false
        ? new GatewayError('DENIED', 'The request target is too long.', error.code, 414)
        : new GatewayError('DENIED', 'The header fields are too large.', error.code, 431);
    default:
      return new GatewayError('DENIED', 'The message is not valid HTTP/1.1.', `${error.code}: ${error.message}`, 400);
  }
}
