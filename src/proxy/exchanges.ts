import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TrustedProxies } from '../http/client-address.js';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import { GatewayError } from '../http/gateway-error.js';
import { parseHost } from '../http/host.js';
import { isPlain, routingPath, splitTarget } from '../http/path.js';
import { newRequestId } from '../http/request-id.js';
import type { Signature } from '../http/signature.js';
import type { RequestFieldRules } from '../http/request-field-rules.js';
import { RequestHead } from '../http/request-head.js';
import type { ResponseDefaults } from '../security/response-defaults.js';
import type { AccessLog } from '../logging/access-log.js';
import type { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import { forget, identify, introductionOf, peerOf } from './client/client-connection.js';
import { ClientTie, tieOf, tieTo } from './client/client-tie.js';
import { Exchange } from './exchange.js';
import { isRequestId } from './plan/forwarding-headers.js';
import { offersUpgrade } from './client/upgrade-offer.js';
import { aborted, loop, noConnectionAuth, noExpectation, noMethod, noProtocol, refusals } from './plan/refusals.js';
import { Http1Responder } from './client/http1-responder.js';
import type { Http2Head } from './client/http2-head.js';
import type { Http2Message } from './client/http2-message.js';
import { Http2Responder } from './client/http2-responder.js';
import { endsWithAnswer, endWithAnswer } from './client/last-answer.js';
import type { ListenerInfo } from './client/listener-info.js';
import { endsWithHead } from './client/parser-rest.js';
import type { RoutePlans } from './plan/route-plans.js';

/** Limits of a request's head: `security.validation`. Sizes in bytes. */
export interface HeadLimits {
  readonly maxUrl: number;
  readonly maxHeaders: number;
  readonly maxHeaderSize: number;
}

const QUEUE = Symbol('gatehouse.queue');

/** A socket with the exchange that was begun last on it, and, while a client pipelines, all that are open. */
export type ExchangeSocket = Socket & { [EXCHANGE]?: Exchange | undefined; [QUEUE]?: Set<Exchange> | undefined };

/** Requests that a client may send ahead of their answers on one connection; more end the connection. */
const maxPipelined = 256;

/** The exchanges that are open on a connection: one, or several where the client pipelines. */
export function exchangesOn(socket: ExchangeSocket): Exchange[] {
  const open = [...(socket[QUEUE] ?? [])];
  const last = socket[EXCHANGE];
  return last === undefined || open.includes(last) ? open : [...open, last];
}

/** Opens an exchange for each request, and closes it when its response is over: one access line, one set of figures. */
export class Exchanges {
  /** Exchanges in flight. */
  open = 0;

  constructor(
    private readonly plans: RoutePlans,
    private readonly trusted: TrustedProxies,
    private readonly limits: HeadLimits,
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
   * The exchange is found again as `request[EXCHANGE]`.
   */
  begin(
    request: IncomingMessage,
    response: ServerResponse,
    listener: ListenerInfo,
    expectsContinue: boolean,
  ): Exchange | undefined {
    const socket = request.socket as ExchangeSocket;
    if (endsWithAnswer(socket)) {
      request.resume();
      return undefined;
    }
    const peer = peerOf(socket, listener);
    const trusted = this.#isTrusted(socket, peer);
    const head = new RequestHead(request.rawHeaders, this.fields, trusted);
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
    // Node says `Connection: close` to whoever was not sent a 100, also where no body would follow it.
    if (expectsContinue && !head.hasBody) (response as { _expect_continue?: boolean })._expect_continue = false;
    this.#open(exchange, socket, peer, trusted);
    exchange.tie = head.connectionAuth === undefined ? tieOf(socket) : tieTo(socket);
    (request as WithExchange<Exchange>)[EXCHANGE] = exchange;
    const before = socket[EXCHANGE];
    socket[EXCHANGE] = exchange;
    response.on('close', () => this.#close(exchange, socket));
    if (response.socket === null) this.#queue(exchange, before, socket);

    if (offersUpgrade(head, request) && (head.hasBody || !endsWithHead(request))) {
      response.shouldKeepAlive = false;
      endWithAnswer(socket);
    }
    const refusal = this.#locate(exchange, request);
    if (refusal === undefined) return this.#unlessLoop(exchange);
    // Whoever sends such a message is not believed where the next one begins.
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
    const refusal = this.#locateStream(exchange, head);
    if (refusal === undefined) return this.#unlessLoop(exchange);
    exchange.fail(refusal);
    return undefined;
  }

  /**
   * The protocol that a request may have its connection switched to; undefined: it is answered without an upgrade. Asked before the
   * exchange begins, since the parser must know. Refused for what comes behind other requests, and for requests with a body.
   */
  upgradeOf(request: IncomingMessage): string | undefined {
    const socket = request.socket as ExchangeSocket;
    const { headers, httpVersionMinor, method, rawHeaders, url } = request;
    if (method !== 'GET' || httpVersionMinor === 0 || socket[EXCHANGE] !== undefined || endsWithAnswer(socket)) {
      return undefined;
    }
    const head = new RequestHead(rawHeaders);
    const target = splitTarget(url!);
    const host = parseHost(target?.authority ?? head.host ?? '')?.host;
    if (target === undefined || host === undefined || head.hosts !== 1 || head.hasBody) return undefined;
    const { path, query } = target;
    const asked = { method, host, routingPath: routingPath(path), query, headers };
    const match = this.plans.match(asked);
    if (isPlain(path)) return match?.route.definition.plan.upgrades.find(headers.upgrade);
    const guarded = this.plans.guard(asked, path, match);
    // What is refused is refused when the exchange begins.
    return guarded instanceof GatewayError ? undefined : guarded.plan?.upgrades.find(headers.upgrade);
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

  /** Finds host, path and route; or why the message is refused. */
  #locate(exchange: Exchange, request: IncomingMessage): GatewayError | undefined {
    const { head } = exchange;
    const url = request.url!;
    if (request.httpVersionMajor !== 1) return refusals.version;
    const tooLarge = this.#tooLarge(url, head);
    if (tooLarge !== undefined) return tooLarge;
    const target = splitTarget(url);
    if (target === undefined) return refusals.target;
    exchange.path = target.path;
    exchange.query = target.query;
    if (target.path === '*' && exchange.method !== 'OPTIONS') return refusals.target;
    if (head.hosts > 1 || (head.hosts === 0 && request.httpVersionMinor !== 0)) return refusals.host;
    exchange.authority = target.authority ?? head.host ?? '';
    const authority = parseHost(exchange.authority);
    if (authority !== undefined) exchange.asksFor(authority);
    else if (head.hosts > 0 || target.authority !== undefined) return refusals.host;
    if (head.transferEncoding !== undefined) {
      if (request.httpVersionMinor === 0) return refusals.framing;
      if (head.transferEncoding.toLowerCase() !== 'chunked') return refusals.encoding;
    }
    return this.#route(exchange);
  }

  #locateStream(exchange: Exchange, request: Http2Head): GatewayError | undefined {
    const { head } = exchange;
    const { method, path, scheme } = request;
    const tooLarge = this.#tooLarge(path, head);
    if (tooLarge !== undefined) return tooLarge;
    if (method === 'CONNECT' && request.protocol === undefined) return noMethod;
    if (method !== 'CONNECT' && request.protocol !== undefined) return refusals.target;
    const target = path === '*' || path.startsWith('/') ? splitTarget(path) : undefined;
    if (target === undefined) return refusals.target;
    exchange.path = target.path;
    exchange.query = target.query;
    if (path === '*' && method !== 'OPTIONS') return refusals.target;
    // Whoever terminates TLS for its clients and speaks it to us, too, may say what they have used.
    if (scheme !== exchange.scheme && !(exchange.peerTrusted && scheme === 'http')) return refusals.scheme;
    if (request.ambiguous || request.authority === undefined) return refusals.host;
    exchange.authority = request.authority;
    const authority = parseHost(request.authority);
    if (authority === undefined) return refusals.host;
    exchange.asksFor(authority);
    if (head.connection !== undefined || head.transferEncoding !== undefined) return refusals.fields;
    if (head.expect !== undefined && exchange.responder.withholdsContinue !== true) return noExpectation;
    // A body without a length is one that HTTP/1.1 has to chunk.
    if (request.protocol === undefined) {
      if (!exchange.message.complete && head.contentLength === undefined) head.transferEncoding = 'chunked';
      return this.#route(exchange);
    }
    if (head.contentLength !== undefined) return refusals.fields;
    const refusal = this.#route(exchange);
    if (refusal !== undefined || exchange.plan === undefined) return refusal;
    return exchange.plan.upgrades.find(request.protocol) === undefined ? noProtocol : undefined;
  }

  #tooLarge(url: string, head: RequestHead): GatewayError | undefined {
    const { limits } = this;
    if (url.length > limits.maxUrl) return refusals.url;
    return head.count > limits.maxHeaders || head.size > limits.maxHeaderSize ? refusals.headers : undefined;
  }

  #route(exchange: Exchange): GatewayError | undefined {
    const { contentLength } = exchange.head;
    // Beyond that, what is sent on would be another number.
    if (contentLength !== undefined && Number(contentLength) > Number.MAX_SAFE_INTEGER) return refusals.length;
    const { path } = exchange;
    const plain = isPlain(path);
    exchange.routingPath = plain ? path : routingPath(path);
    exchange.match = this.plans.match(exchange);
    exchange.plan = exchange.match?.route.definition.plan;
    exchange.forwardedPath = path;
    if (plain) return undefined;
    // Other servers may read it as another path.
    const guarded = this.plans.guard(exchange, path, exchange.match);
    if (guarded instanceof GatewayError) return guarded;
    exchange.match = guarded.match;
    exchange.plan = guarded.plan;
    exchange.forwardedPath = guarded.path;
    return undefined;
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
    exchange.closedAt = performance.now();
    exchange.stream?.closed();
    exchange.places?.leave();
    exchange.borrowed?.giveBack();
    if (exchange.tie !== undefined && exchange.httpVersion === '2.0') exchange.tie.end();
    this.open--;
    if (socket[EXCHANGE] === exchange) socket[EXCHANGE] = undefined;
    socket[QUEUE]?.delete(exchange);
    this.metrics.closed(exchange);
    this.log.write(exchange);
  }
}
