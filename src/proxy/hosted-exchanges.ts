import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { GatewayError } from '../http/gateway-error.js';
import { HostedMessage } from './client/hosted-message.js';
import { HostedResponder } from './client/hosted-responder.js';
import type { ListenerInfo } from './client/listener-info.js';
import type { Exchange } from './exchange.js';
import { Exchanges, exchangesOn, type ExchangeSocket } from './exchanges.js';

/** Milliseconds for which requests may still come, at the end, on connections that the application has: each is answered, and its connection ends. */
const quietFor = 300;

/** Milliseconds between two looks at what is open. */
const interval = 20;

/** A request that has come to a server of the application. */
export interface HostedRequest {
  readonly request: IncomingMessage;
  /** Not begun. */
  readonly response: ServerResponse;
  /** What the log and the metrics call the way by which it has come. */
  readonly listener: string;
  /** Path and query for the gateway. */
  readonly target: string;
  /** What the application has read of its body: all of it. */
  readonly body?: Buffer | undefined;
  /** The upstream that takes it, with any path; undefined: the routes say. */
  readonly upstream?: string | undefined;
}

/** The server of the application, as one of its exchanges sees it. */
class HostedListener implements ListenerInfo {
  readonly scheme: 'http' | 'https';
  readonly port: number | undefined;
  readonly unix: boolean;

  constructor(
    readonly name: string,
    socket: Socket,
    private readonly state: { readonly draining: boolean },
  ) {
    this.scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
    this.port = socket.localPort;
    this.unix = socket.remoteAddress === undefined && socket.localPort === undefined;
  }

  get draining(): boolean {
    return this.state.draining;
  }
}

/** The exchanges that have come through servers of the application around the gateway: they take the road of all others. */
@Injectable()
export class HostedExchanges {
  /** The gateway shuts down: every answer ends its connection, so that clients come no more. */
  draining = false;
  /** The connections that exchanges have come on, while they are open. */
  readonly #sockets = new Set<ExchangeSocket>();

  constructor(private readonly exchanges: Exchanges) {}

  /** Opens an exchange, which is decided where the gateway has refused it, or its client has gone. `edit` may change what is passed on; what it throws is answered with 500. */
  begin(hosted: HostedRequest, edit: (exchange: Exchange) => void = () => {}): Exchange {
    const { body, listener, request, response, target, upstream } = hosted;
    const { socket } = request;
    const info = new HostedListener(listener, socket, this);
    const message = new HostedMessage(request, target, body);
    this.#watch(socket);
    const responder = new HostedResponder(response, message, info);
    const exchange = this.exchanges.beginHosted(message, responder, info, upstream, edit);
    if (response.writableFinished) this.#over(exchange, true);
    else if (response.destroyed || socket.destroyed) this.#over(exchange, false);
    else {
      response.once('finish', () => this.#over(exchange, true));
      response.once('close', () => this.#over(exchange, false));
    }
    return exchange;
  }

  /** Exchanges in flight. */
  get open(): number {
    let sum = 0;
    for (const socket of this.#sockets) sum += exchangesOn(socket).length;
    return sum;
  }

  /**
   * Ends what is open when it is called: it may end within `grace` milliseconds, and is cut then. What comes meanwhile is served, since the application's server accepts
   * until the gateway has ended. Resolves with the number of exchanges that were cut.
   */
  async drain(grace: number): Promise<number> {
    this.draining = true;
    const left = new Set([...this.#sockets].flatMap(exchangesOn));
    const begunAt = performance.now();
    const wait = (): boolean => {
      for (const exchange of left) if (exchange.times.closedAt !== 0) left.delete(exchange);
      const elapsed = performance.now() - begunAt;
      return elapsed < grace && (left.size > 0 || (this.#sockets.size > 0 && elapsed < quietFor));
    };
    while (wait()) await setTimeout(interval);
    for (const exchange of left)
      exchange.fail(new GatewayError('DRAINING', 'The gateway is shutting down.', 'shutdown.grace is over'));
    return left.size;
  }

  #over(exchange: Exchange, isWhole: boolean): void {
    if (exchange.times.closedAt !== 0 || exchange.tunnelled) return;
    if (!isWhole) exchange.fail(new GatewayError('CLIENT_ABORTED'));
    this.exchanges.end(exchange);
  }

  /** Node does not tell of the end of a response that waits behind another one of its connection. */
  #watch(socket: ExchangeSocket): void {
    if (this.#sockets.has(socket) || socket.destroyed) return;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      for (const exchange of exchangesOn(socket)) this.#over(exchange, false);
    });
  }
}
