import type { Socket } from 'node:net';
import type { HeadLimits } from '../../proxy/locator.js';
import type { StreamHandler } from '../../proxy/client/http2-message.js';
import type { ListenerInfo } from '../../proxy/client/listener-info.js';
import { Http2Connection, type ConnectionLimits } from './http2-connection.js';
import { sessionOptions } from './http2-settings.js';

/** Options of the HTTP/2 side of a listener. */
export interface Http2Options {
  readonly listener: ListenerInfo;
  readonly limits: ConnectionLimits;
  /** Each connection obeys those that hold when it begins. */
  readonly head: HeadLimits;
  readonly handle: StreamHandler;
}

/** The HTTP/2 connections of a listener. One timer looks at all of them. */
export class Http2Connections {
  readonly #connections = new Set<Http2Connection>();
  readonly #interval: number;
  #leaves = false;
  #sweptAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: Http2Options) {
    const { headerTimeout, keepAliveTimeout, requestTimeout, writeTimeout } = options.limits;
    const shortest = [headerTimeout, keepAliveTimeout, requestTimeout, writeTimeout].filter(time => time > 0);
    this.#interval = Math.max(50, Math.min(1_000, ...shortest.map(time => time / 10)));
  }

  /** Adds a connection that has agreed on HTTP/2. */
  take(socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#timer === undefined) this.#watch();
    const { handle, head, limits, listener } = this.options;
    const connection = new Http2Connection(socket, sessionOptions(head), limits, handle, listener);
    if (this.#leaves) connection.leave();
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** Asks every client to leave when it has its answers. */
  drain(): void {
    for (const connection of this.#connections) connection.retire();
  }

  /** The same, also of those that are still to be taken. */
  leave(): void {
    this.#leaves = true;
    this.drain();
  }

  /** Ends every connection. */
  close(): void {
    clearInterval(this.#timer);
    for (const connection of this.#connections) connection.end();
  }

  #watch(): void {
    this.#sweptAt = performance.now();
    this.#timer = setInterval(() => this.#sweep(), this.#interval).unref();
  }

  #sweep(): void {
    const now = performance.now();
    // While the gateway was too busy to look, it was also too busy to read: that time does not count against clients.
    const elapsed = Math.min(now - this.#sweptAt, 2 * this.#interval);
    this.#sweptAt = now;
    for (const connection of this.#connections) connection.sweep(now, elapsed);
  }
}
