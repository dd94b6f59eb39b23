import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TrustedProxies } from '../http/client-address.js';
import { GatewayError } from '../http/gateway-error.js';
import { newRequestId } from '../http/request-id.js';
import type { Signature } from '../http/signature.js';
import type { RequestFieldRules } from '../http/request-field-rules.js';
import { RequestHead } from '../http/request-head.js';
import { forgetExpectation } from '../platform/withheld-continue.js';
import type { ResponseDefaults } from '../security/response-defaults.js';
import type { AccessLog } from '../logging/access-log.js';
import type { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import { forget, identify, introductionOf, peerOf } from './client/client-connection.js';
import { ClientTie, tieOf, tieTo } from './client/client-tie.js';
import { Exchange } from './exchange.js';
import { isRequestId } from './plan/forwarding-headers.js';
import { offersUpgrade } from './client/upgrade-offer.js';
import { aborted, loop, noConnectionAuth } from './plan/refusals.js';
import { Http1Responder } from './client/http1-responder.js';
import type { Http2Head } from './client/http2-head.js';
import type { Http2Message } from './client/http2-message.js';
import { Http2Responder } from './client/http2-responder.js';
import { endsWithAnswer, endWithAnswer } from './client/last-answer.js';
import type { ListenerInfo } from './client/listener-info.js';
import { endsWithHead } from './client/parser-rest.js';
import type { Locator } from './locator.js';
import type { RoutePlans } from './plan/route-plans.js';

const LAST = Symbol('gatehouse.exchange');
const QUEUE = Symbol('gatehouse.queue');

/** A socket with the exchange that was begun last on it, and, while a client pipelines, all that are open. */
export type ExchangeSocket = Socket & { [LAST]?: Exchange | undefined; [QUEUE]?: Set<Exchange> | undefined };

/** Requests that a client may send ahead of their answers on one connection; more end the connection. */
const maxPipelined = 256;

/** The exchanges that are open on a connection: one, or several where the client pipelines. */
export function exchangesOn(socket: ExchangeSocket): Exchange[] {
  const open = [...(socket[QUEUE] ?? [])];
  const last = socket[LAST];
  return last === undefined || open.includes(last) ? open : [...open, last];
}

/** The exchange that was begun last on a connection, while it is open. */
export function lastExchangeOn(socket: ExchangeSocket): Exchange | undefined {
  return socket[LAST];
}

/** Opens an exchange for each request, and closes it when its response is over: one access line, one set of figures. */
export class Exchanges {
  /** Exchanges in flight. */
  open = 0;

  constructor(
    private readonly plans: RoutePlans,
    private readonly locator: Locator,
    private readonly trusted: TrustedProxies,
    /** What becomes of the fields of requests. */
    private readonly fields: RequestFieldRules,
    readonly signature: Signature,
    private readonly log: AccessLog,
    private readonly metrics: ExchangeMetrics,
  ) {}

  /** What holds for the fields of responses to what has no route. */
  get responseDefaults(): ResponseDefaults | undefined {
    return this.plans.responseDefaults;
  }

  /**
   * Reads the head: who asks, for what, by which route. Returns undefined when the message is refused, and answers it then;
   * also when it comes behind the last answer of its connection, and must not be processed.
   */
  begin(
    request: IncomingMessage,
    response: ServerResponse,
    listener: ListenerInfo,
    expectsContinue: boolean,
  ): Exchange | undefined {
    // 2
    const socket = request.socket as ExchangeSocket;
    if (endsWithAnswer(socket)) {
      request.resume();
      return undefined;
    }
    const peer = peerOf(socket, listener);
    const trusted = this.#isTrusted(socket, peer);
    const head = this.locator.offeredHead(request) ?? new RequestHead(request.rawHeaders, this.fields, trusted);
    const exchange = new Exchange(
      isRequestId(head.requestId) ? head.requestId : newRequestId(),
      request.method!,
      head,
      listener,
      new Http1Responder(request, response, expectsContinue && head.hasBody, listener),
      request,
      { request, response },
      this.signature,
    );
    if (expectsContinue && !head.hasBody) forgetExpectation(response);
    this.#open(exchange, socket, peer, trusted);
    exchange.tie = head.connectionAuth === undefined ? tieOf(socket) : tieTo(socket);
    const before = socket[LAST];
    socket[LAST] = exchange;
    response.on('close', () => this.#close(exchange, socket));
    if (response.socket === null) this.#queue(exchange, before, socket);

    if (offersUpgrade(head, request) && (head.hasBody || !endsWithHead(request))) {
      response.shouldKeepAlive = false;
      endWithAnswer(socket);
    }
    const refusal = this.locator.locate(exchange, request);
    if (refusal === undefined) return this.#unlessLoop(exchange);
    // A client that sends such a message is not trusted to say where the next one begins: the connection closes behind the answer.
    response.shouldKeepAlive = false;
    endWithAnswer(socket);
    exchange.fail(refusal);
    return undefined;
  }

  /** The same for a request on an HTTP/2 stream. */
  beginStream(
    stream: ServerHttp2Stream,
    head: Http2Head,
    message: Http2Message,
    listener: ListenerInfo,
  ): Exchange | undefined {
    // 2
    const socket = message.socket as ExchangeSocket;
    const peer = peerOf(socket, listener);
    const trusted = this.#isTrusted(socket, peer);
    const fields = new RequestHead(head.fields, this.fields, trusted);
    const expectsContinue = fields.expect?.toLowerCase() === '100-continue';
    const responder = new Http2Responder(stream, message, head.method === 'HEAD', expectsContinue);
    const exchange = new Exchange(
      isRequestId(fields.requestId) ? fields.requestId : newRequestId(),
      // RFC 8441 §4: what is a CONNECT here is a GET for everybody else.
      head.protocol === undefined ? head.method : 'GET',
      fields,
      listener,
      responder,
      message,
      undefined,
      this.signature,
    );
    this.#open(exchange, socket, peer, trusted);
    (socket[QUEUE] ??= new Set()).add(exchange);
    stream
      .on('error', () => {})
      // A tunnel says goodbye to its backend when its client goes.
      .on('aborted', () => exchange.tunnelled || exchange.fail(aborted(stream)))
      .on('close', () => {
        if (exchange.tunnelled) return;
        if (!responder.ended || stream.rstCode !== constants.NGHTTP2_NO_ERROR) exchange.fail(aborted(stream));
        this.#end(exchange, socket);
      });

    if (fields.connectionAuth === 'several') {
      exchange.error = noConnectionAuth;
      exchange.status = noConnectionAuth.status;
      stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED);
      return undefined;
    }
    // Streams share the client's connection, and it may be that of a proxy: each has one to the backend for itself.
    if (fields.connectionAuth === 'one') exchange.tie = new ClientTie();
    if (head.padded) {
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
      return undefined;
    }
    const refusal = this.locator.locateStream(exchange, head);
    if (refusal === undefined) return this.#unlessLoop(exchange);
    exchange.fail(refusal);
    return undefined;
  }

  /**
   * The protocol that a request may have its connection switched to; undefined: it is answered without an upgrade. Never for what comes
   * behind other requests.
   */
  upgradeOf(request: IncomingMessage, listener: ListenerInfo): string | undefined {
    const socket = request.socket as ExchangeSocket;
    const { httpVersionMinor, method, rawHeaders } = request;
    if (method !== 'GET' || httpVersionMinor === 0 || socket[LAST] !== undefined || endsWithAnswer(socket)) {
      return undefined;
    }
    const trusted = this.#isTrusted(socket, peerOf(socket, listener));
    return this.locator.upgradeOf(request, new RequestHead(rawHeaders, this.fields, trusted));
  }

  /** The exchange is over: its response, or the tunnel that it has become. */
  end(exchange: Exchange): void {
    if (exchange.closedAt === 0) this.#end(exchange, exchange.message.socket as ExchangeSocket);
  }

  /** A request that has been here before goes no further; its connection may carry others. */
  #unlessLoop(exchange: Exchange): Exchange | undefined {
    if (!this.signature.isOn(exchange.head.via)) return exchange;
    exchange.fail(loop);
    return undefined;
  }

  /** A trusted proxy that does not know its client cannot vouch for what that client says. */
  #isTrusted(socket: Socket, peer: string | undefined): boolean {
    return this.trusted.isTrusted(peer) && introductionOf(socket)?.clientUnknown !== true;
  }

  #open(exchange: Exchange, socket: Socket, peer: string | undefined, trusted: boolean): void {
    exchange.responseDefaults = this.responseDefaults;
    exchange.peer = peer;
    exchange.peerTrusted = trusted;
    const { message } = exchange;
    const certificate = introductionOf(socket)?.certificate;
    if (certificate !== undefined || exchange.head.claimsCertificate) identify(exchange, message.headers, certificate);
    if (exchange.head.forged !== undefined) forget(message.headers, exchange.head.forged);
    exchange.clientIp = trusted
      ? this.trusted.clientAddress(peer, message.headers)
      : this.trusted.clientAddress(peer, {});
    this.open++;
    this.metrics.opened(exchange.listener);
  }

  /** A message that is queued behind another on its connection has no socket yet, and hears nothing of its end. */
  #queue(exchange: Exchange, before: Exchange | undefined, socket: ExchangeSocket): void {
    let queue = socket[QUEUE];
    if (queue === undefined) {
      queue = socket[QUEUE] = new Set();
      socket.once('close', () => {
        for (const each of exchangesOn(socket)) this.#close(each, socket);
      });
    }
    if (before !== undefined) queue.add(before);
    queue.add(exchange);
    if (queue.size > maxPipelined) socket.destroy();
  }

  #close(exchange: Exchange, socket: ExchangeSocket): void {
    if (exchange.closedAt !== 0 || exchange.tunnelled) return;
    // The connection went away before the response was whole, and nothing else has ended it.
    if (!exchange.raw!.response.writableFinished) exchange.fail(new GatewayError('CLIENT_ABORTED'));
    this.#end(exchange, socket);
  }

  #end(exchange: Exchange, socket: ExchangeSocket): void {
    // 12
    exchange.closedAt = performance.now();
    exchange.stream?.closed();
    exchange.places?.leave();
    exchange.borrowed?.giveBack();
    if (exchange.tie !== undefined && exchange.httpVersion === '2.0') exchange.tie.end();
    exchange.response?.close();
    this.open--;
    if (socket[LAST] === exchange) socket[LAST] = undefined;
    socket[QUEUE]?.delete(exchange);
    this.metrics.closed(exchange);
    this.log.write(exchange);
  }
}
