import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { UNIX_PEER, type TrustedProxies } from '../http/client-address.js';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import { GatewayError } from '../http/gateway-error.js';
import { parseHost } from '../http/host.js';
import { forwardedPath, routingPath, splitTarget, type PathPolicy } from '../http/path.js';
import { RequestHead } from '../http/request-head.js';
import type { AccessLog } from '../logging/access-log.js';
import type { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import { Exchange } from './exchange.js';
import { isRequestId } from './forwarding-headers.js';
import { Http1Responder } from './http1-responder.js';
import { endsWithAnswer, endWithAnswer } from './last-answer.js';
import type { ListenerInfo } from './listener-info.js';
import type { RoutePlans } from './route-plans.js';

/** Limits of a request's head, and what is done to its path: `security.validation`. Sizes in bytes. */
export interface HeadLimits {
  readonly maxUrl: number;
  readonly maxHeaders: number;
  readonly maxHeaderSize: number;
  readonly path: PathPolicy;
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

const denied = (status: number, detail: string): GatewayError => new GatewayError('DENIED', detail, undefined, status);
const refusals = {
  version: denied(505, 'Only HTTP/1.0 and HTTP/1.1 are spoken here.'),
  host: denied(400, 'The request must have exactly one valid Host.'),
  target: denied(400, 'The request target is not valid.'),
  url: denied(414, 'The request target is too long.'),
  headers: denied(431, 'The request has too many header fields, or too large ones.'),
  encoding: denied(501, 'Only the chunked transfer coding is understood.'),
  framing: denied(400, 'An HTTP/1.0 request must not be chunked.'),
};

/** Opens an exchange for each request, and closes it when its response is over: one access line, one set of figures. */
export class Exchanges {
  /** Exchanges in flight. */
  open = 0;

  constructor(
    private readonly plans: RoutePlans,
    private readonly trusted: TrustedProxies,
    private readonly limits: HeadLimits,
    private readonly log: AccessLog,
    private readonly metrics: ExchangeMetrics,
  ) {}

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
    const head = new RequestHead(request.rawHeaders);
    const peer = listener.unix ? UNIX_PEER : socket.remoteAddress;
    const trusted = this.trusted.isTrusted(peer);
    const exchange = new Exchange(
      trusted && isRequestId(head.requestId) ? head.requestId : randomUUID(),
      request.method!,
      head,
      listener,
      new Http1Responder(request, response, expectsContinue, listener),
      { request, response },
    );
    exchange.peer = peer;
    exchange.peerTrusted = trusted;
    exchange.clientIp = trusted
      ? this.trusted.clientAddress(peer, request.headers)
      : this.trusted.clientAddress(peer, {});
    (request as WithExchange<Exchange>)[EXCHANGE] = exchange;
    const before = socket[EXCHANGE];
    socket[EXCHANGE] = exchange;
    this.open++;
    this.metrics.opened(listener.name);
    response.on('close', () => this.#close(exchange, socket));
    if (response.socket === null) this.#queue(exchange, before, socket);

    const refusal = this.#locate(exchange, request);
    if (refusal === undefined) return exchange;
    // Whoever sends such a message is not believed where the next one begins.
    response.shouldKeepAlive = false;
    endWithAnswer(socket);
    exchange.fail(refusal);
    return undefined;
  }

  /** Finds host, path and route; or why the message is refused. */
  #locate(exchange: Exchange, request: IncomingMessage): GatewayError | undefined {
    const { head } = exchange;
    const { limits } = this;
    const url = request.url!;
    if (request.httpVersionMajor !== 1) return refusals.version;
    if (url.length > limits.maxUrl) return refusals.url;
    if (head.count > limits.maxHeaders || head.size > limits.maxHeaderSize) return refusals.headers;
    const target = splitTarget(url);
    if (target === undefined) return refusals.target;
    exchange.path = target.path;
    exchange.query = target.query;
    if (target.path === '*' && exchange.method !== 'OPTIONS') return refusals.target;
    if (head.hosts > 1 || (head.hosts === 0 && request.httpVersionMinor !== 0)) return refusals.host;
    exchange.authority = target.authority ?? head.host ?? '';
    const authority = parseHost(exchange.authority);
    if (authority !== undefined) exchange.host = authority.host;
    else if (head.hosts > 0 || target.authority !== undefined) return refusals.host;
    if (head.transferEncoding !== undefined) {
      if (request.httpVersionMinor === 0) return refusals.framing;
      if (head.transferEncoding.toLowerCase() !== 'chunked') return refusals.encoding;
    }
    exchange.routingPath = routingPath(target.path);
    exchange.match = this.plans.match(exchange);
    exchange.plan = exchange.match?.route.definition.plan;
    const path = forwardedPath(target.path, exchange.plan?.path ?? limits.path);
    if (typeof path !== 'string') return denied(400, path.detail);
    exchange.forwardedPath = path;
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
    if (exchange.closedAt !== 0) return;
    // The connection went away before the response was whole, and nothing else has ended it.
    if (!exchange.raw.response.writableFinished) exchange.fail(new GatewayError('CLIENT_ABORTED'));
    exchange.closedAt = performance.now();
    this.open--;
    if (socket[EXCHANGE] === exchange) socket[EXCHANGE] = undefined;
    socket[QUEUE]?.delete(exchange);
    this.metrics.closed(exchange);
    this.log.write(exchange);
  }
}
