import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TrustedProxies } from '../http/client-address.js';
import { ExchangeTrail } from '../http/exchange-trail.js';
import { GatewayError } from '../http/gateway-error.js';
import { newRequestId } from '../http/request-id.js';
import type { Signature } from '../http/signature.js';
import { connectionOptions, RequestHead } from '../http/request-head.js';
import { release } from '../security/release.js';
import type { ResponseDefaults } from '../security/response-defaults.js';
import type { AccessLog } from '../logging/access-log.js';
import { Tail } from '../logging/tail/tail.js';
import type { ExchangeTrace } from '../tracing/exchange-trace.js';
import type { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import { forget, identify, introductionOf, peerOf } from './client/client-connection.js';
import type { Client } from './client/client.js';
import type { ClientMessage } from './client/client-message.js';
import { ClientTie, tieOf, tieTo } from './client/client-tie.js';
import { Exchange } from './exchange.js';
import type { ExplainedRequests } from './explained-requests.js';
import { isRequestId } from './plan/forwarding-headers.js';
import { aborted, loop, noConnectionAuth, noExpectation, overloaded } from './plan/refusals.js';
import type { HostedMessage } from './client/hosted-message.js';
import type { Http1Channel } from './client/http1-channel.js';
import type { Http1Message } from './client/http1-message.js';
import { Http1Responder } from './client/http1-responder.js';
import type { Http2Head } from './client/http2-head.js';
import type { Http2Message } from './client/http2-message.js';
import { Http2Responder } from './client/http2-responder.js';
import { TransformingResponder } from './transform/transforming-responder.js';
import type { ListenerInfo } from './client/listener-info.js';
import type { Responder } from './client/responder.js';
import type { RequestRules } from './live-rules.js';
import { OpenExchanges } from './open-exchanges.js';
import type { Overload } from './overload.js';

const LAST = Symbol('gatehouse.exchange');
const STREAMS = Symbol('gatehouse.streams');
const CARRIED = Symbol('gatehouse.carried');

/** An HTTP/2 stream with the exchange that it carries. */
type CarrierStream = ServerHttp2Stream & {
  [CARRIED]?: { readonly exchange: Exchange; readonly exchanges: Exchanges } | undefined;
};

function ignore(): void {}

function onAborted(this: CarrierStream): void {
  const exchange = this[CARRIED]?.exchange;
  // A tunnel says goodbye to its backend when its client goes.
  if (exchange?.tunnelled === false) exchange.fail(aborted(this));
}

function onStreamClose(this: CarrierStream): void {
  const carried = this[CARRIED];
  // Node's list of streams keeps those that have ended until the next full collection: not with all that is known of their exchanges.
  this[CARRIED] = undefined;
  if (carried === undefined) return;
  const { exchange, exchanges } = carried;
  if (exchange.tunnelled) return;
  const { ended } = exchange.responder as Http2Responder;
  if (!ended || this.rstCode !== constants.NGHTTP2_NO_ERROR) exchange.fail(aborted(this));
  exchanges.end(exchange);
}

/** A client's connection with its exchange: the one of HTTP/1.x, which has one at a time, or those of HTTP/2. */
export type ExchangeSocket = Socket & { [LAST]?: Exchange | undefined; [STREAMS]?: OpenExchanges | undefined };

/** The exchanges that are open on a connection: one, or several on HTTP/2. */
export function exchangesOn(socket: ExchangeSocket): Exchange[] {
  const last = socket[LAST];
  return last === undefined ? [...(socket[STREAMS]?.all ?? [])] : [last];
}

/** The exchange of a connection of HTTP/1.x, while it is open. */
export function lastExchangeOn(socket: ExchangeSocket): Exchange | undefined {
  return socket[LAST];
}

/** Hears of exchanges that end, and of upgrades that are made. Must not throw. */
export interface ExchangesWatcher {
  ended(exchange: Exchange): void;
  tunnelOpened(exchange: Exchange): void;
}

/** Opens an exchange for each request, and closes it when its response is over: one access line, one set of figures. */
export class Exchanges {
  /** Exchanges in flight. */
  open = 0;
  /** Undefined: none is explained. */
  explained: ExplainedRequests | undefined;
  /** Undefined: nothing listens. */
  watcher: ExchangesWatcher | undefined;

  constructor(
    private readonly rules: { readonly current: RequestRules },
    private readonly trusted: TrustedProxies,
    private readonly overload: Pick<Overload, 'isOver'>,
    private readonly log: Pick<AccessLog, 'readsResponses' | 'write'>,
    private readonly metrics: Pick<ExchangeMetrics, 'opened' | 'closed'>,
    private readonly tail = new Tail(),
    private readonly tracing?: { begin(exchange: Exchange): ExchangeTrace | undefined },
  ) {}

  /** What holds for the fields of responses to what has no route. */
  get responseDefaults(): ResponseDefaults | undefined {
    return this.rules.current.plans.responseDefaults;
  }

  get signature(): Signature {
    return this.rules.current.signature;
  }

  /**
   * Reads the head: who asks, for what, by which route. Returns undefined when the message is refused, and answers it then.
   */
  begin(message: Http1Message, channel: Http1Channel, listener: ListenerInfo): Exchange | undefined {
    const socket = message.socket as ExchangeSocket;
    const peer = peerOf(socket, listener);
    const trusted = this.#isTrusted(socket, peer);
    const rules = this.rules.current;
    const head = new RequestHead(message.rawHeaders, rules.fields, trusted);
    // HTTP/1.0 has no expectations (RFC 9110 §10.1.1).
    const expects = head.expect !== undefined && message.minor === 1;
    const responder = new Http1Responder(channel, message, expects && head.hasBody, listener);
    const exchange = new Exchange(
      isRequestId(head.requestId) ? head.requestId : newRequestId(),
      message.method,
      head,
      listener,
      responder,
      message,
      this.#clientOf(message, peer, trusted),
      rules.signature,
      message.readAt,
    );
    channel.responder = responder;
    this.#open(exchange, socket, rules);
    exchange.tie = head.connectionAuth === undefined ? tieOf(socket) : tieTo(socket);
    socket[LAST] = exchange;
    // 2
    const refusal = rules.locator.locate(exchange, message);
    if (refusal !== undefined) {
      // A client that sends such a message is not trusted to say where the next one begins: the connection closes behind the answer.
      channel.endWithAnswer();
      exchange.fail(refusal);
      return undefined;
    }
    if (expects && head.expect!.toLowerCase() !== '100-continue') {
      exchange.fail(noExpectation);
      return undefined;
    }
    return this.#admit(exchange);
  }

  /** The answer to the request that was begun last on a connection is over; or, not `isWhole`, the connection is gone. */
  over(socket: ExchangeSocket, isWhole: boolean): void {
    const exchange = socket[LAST];
    if (exchange === undefined || exchange.times.closedAt !== 0 || exchange.tunnelled) return;
    // The connection went away before the response was whole, and nothing else has ended it.
    if (!isWhole) exchange.fail(new GatewayError('CLIENT_ABORTED'));
    this.#end(exchange, socket);
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
    const rules = this.rules.current;
    const fields = new RequestHead(head.fields, rules.fields, trusted);
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
      this.#clientOf(message, peer, trusted),
      rules.signature,
    );
    this.#open(exchange, socket, rules);
    (socket[STREAMS] ??= new OpenExchanges()).add(exchange);
    const carrier: CarrierStream = stream;
    carrier[CARRIED] = { exchange, exchanges: this };
    carrier.on('error', ignore).on('aborted', onAborted).on('close', onStreamClose);

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
    const refusal = rules.locator.locateStream(exchange, head);
    if (refusal === undefined) return this.#admit(exchange);
    exchange.fail(refusal);
    return undefined;
  }

  /**
   * The same for a request that has come through a server of the application. One with an `upstream` is carried there, with any path. `edit` changes what is passed on. A refused
   * one is decided.
   */
  beginHosted(
    message: HostedMessage,
    responder: Responder,
    listener: ListenerInfo,
    upstream: string | undefined,
    edit: (exchange: Exchange) => void,
  ): Exchange {
    const socket = message.socket as ExchangeSocket;
    const peer = peerOf(socket, listener);
    const trusted = this.#isTrusted(socket, peer);
    const rules = this.rules.current;
    const head = new RequestHead(message.rawHeaders, rules.fields, trusted);
    // The server has answered it.
    head.expect = undefined;
    const exchange = new Exchange(
      isRequestId(head.requestId) ? head.requestId : newRequestId(),
      message.method,
      head,
      listener,
      responder,
      message,
      this.#clientOf(message, peer, trusted),
      rules.signature,
    );
    this.#open(exchange, socket, rules);
    // Several may be under way on a connection: Node reads on while one waits behind another.
    (socket[STREAMS] ??= new OpenExchanges()).add(exchange);
    exchange.tie = head.connectionAuth === undefined ? tieOf(socket) : tieTo(socket);
    const to = upstream === undefined ? undefined : rules.plans.toUpstream(upstream);
    const refusal = editFault(exchange, edit) ?? rules.locator.locate(exchange, message, to);
    if (refusal === undefined) this.#admit(exchange);
    else exchange.fail(refusal);
    return exchange;
  }

  /** The protocol that an exchange's connection may be switched to; undefined: it is answered without an upgrade. */
  upgradeOf({ head, message, method, plan }: Exchange): string | undefined {
    const { connection } = head;
    if (connection === undefined || plan === undefined || method !== 'GET' || head.hasBody) return undefined;
    if (message.httpVersion !== '1.1' || !connectionOptions(connection).has('upgrade')) return undefined;
    return plan.upgrades.find(message.headers.upgrade);
  }

  /** The exchange is over: its response, or the tunnel that it has become. */
  end(exchange: Exchange): void {
    if (exchange.times.closedAt === 0) this.#end(exchange, exchange.message.socket as ExchangeSocket);
  }

  /** A request that has been here before goes no further, nor one that is too much now; its connection may carry others. */
  #admit(exchange: Exchange): Exchange | undefined {
    const isLoop = exchange.signature.isOn(exchange.head.via);
    if (!isLoop && !this.overload.isOver(exchange.times.openedAt)) {
      const transforms = exchange.plan?.transforms;
      if (transforms !== undefined)
        exchange.responder = new TransformingResponder(exchange.responder, exchange, transforms);
      return exchange;
    }
    exchange.fail(isLoop ? loop : overloaded);
    return undefined;
  }

  /** A trusted proxy that does not know its client cannot vouch for what that client says. */
  #isTrusted(socket: Socket, peer: string | undefined): boolean {
    return this.trusted.isTrusted(peer) && introductionOf(socket)?.clientUnknown !== true;
  }

  #clientOf({ headers }: ClientMessage, peer: string | undefined, peerTrusted: boolean): Client {
    return { ip: this.trusted.clientAddress(peer, peerTrusted ? headers : {}), peer, peerTrusted };
  }

  #open(exchange: Exchange, socket: Socket, { plans }: RequestRules): void {
    exchange.responseDefaults = plans.responseDefaults;
    const { message } = exchange;
    const certificate = introductionOf(socket)?.certificate;
    if (certificate !== undefined || exchange.head.claimsCertificate) identify(exchange, message.headers, certificate);
    if (exchange.head.forged !== undefined) forget(message.headers, exchange.head.forged);
    if (this.log.readsResponses) (exchange.trail = new ExchangeTrail()).keepsResponse = true;
    exchange.trace = this.tracing?.begin(exchange);
    if (exchange.head.explain !== undefined) this.explained?.opened(exchange);
    this.open++;
    this.metrics.opened(exchange.listener);
  }

  #end(exchange: Exchange, socket: ExchangeSocket): void {
    // 12
    exchange.times.closedAt = performance.now();
    exchange.stream?.closed();
    exchange.places?.leave();
    exchange.borrowed?.giveBack();
    if (exchange.held !== undefined) release(exchange.held);
    if (exchange.tie !== undefined && exchange.httpVersion === '2.0') exchange.tie.end();
    exchange.response?.close();
    this.open--;
    if (socket[LAST] === exchange) socket[LAST] = undefined;
    socket[STREAMS]?.remove(exchange);
    this.metrics.closed(exchange);
    this.log.write(exchange);
    if (this.tail.isWatched) this.tail.closed(exchange);
    exchange.trace?.closed(exchange);
    this.watcher?.ended(exchange);
  }
}

/** What an edit has thrown. */
function editFault(exchange: Exchange, edit: (exchange: Exchange) => void): GatewayError | undefined {
  try {
    edit(exchange);
    return undefined;
  } catch (thrown) {
    return new GatewayError('INTERNAL', 'The request could not be forwarded.', String(thrown));
  }
}
