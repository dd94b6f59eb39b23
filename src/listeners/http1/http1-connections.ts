import type { Socket } from 'node:net';
import type { ReadingRules } from '../../http1/message-reader.js';
import type { ConnectionLimits } from './connection-limits.js';
import { Http1Connection } from './http1-connection.js';
import type { RequestHandler } from './request-handler.js';

/** Milliseconds for which connections without a request stay open when their clients are to leave, because a request may be on its way. */
const quietFor = 300;

/** The HTTP/1.x connections of a listener. One timer looks at all of them. */
export class Http1Connections {
  readonly #connections = new Set<Http1Connection>();
  readonly #keepAlive: string;
  #interval: number;
  #leaves = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly rules: ReadingRules,
    private readonly handler: RequestHandler,
  ) {
    const { headerTimeout, keepAliveTimeout, requestTimeout } = limits;
    this.#keepAlive = `Connection: keep-alive\r\n${keepAliveTimeout < 1_000 ? '' : `Keep-Alive: timeout=${Math.floor(keepAliveTimeout / 1_000)}\r\n`}`;
    const shortest = [headerTimeout, keepAliveTimeout, requestTimeout].filter(time => time > 0);
    // A limit is exceeded by at most a tenth: the beginning is noticed by one look, and the end by another.
    this.#interval = Math.max(50, Math.min(1_000, ...shortest.map(time => time / 20)));
  }

  /** Adds a connection. */
  take(socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#timer === undefined) this.#watch();
    const now = performance.now();
    const connection = new Http1Connection(socket, this.rules, this.limits, this.handler, this.#keepAlive, now);
    if (this.#leaves) connection.leave(quietFor);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** Ends each connection with its next answer, or when no request has come on it for a moment. Also those that are still to be taken. */
  leave(): void {
    this.#leaves = true;
    this.#interval = 50;
    if (this.#timer !== undefined) this.#watch();
    for (const connection of this.#connections) connection.leave(quietFor);
  }

  /** Looks at no connection any more. */
  close(): void {
    clearInterval(this.#timer);
  }

  #watch(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => setImmediate(() => this.#sweep()), this.#interval).unref();
  }

  /** Runs behind what has come while the event loop was busy, so that this does not count against clients. */
  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.sweep(now);
  }
}
