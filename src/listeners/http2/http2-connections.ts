import type { ServerSessionOptions } from 'node:http2';
import type { Socket } from 'node:net';
import type { HeadLimits } from '../../proxy/locator.js';
import type { StreamHandler } from '../../proxy/client/http2-message.js';
import type { ListenerInfo } from '../../proxy/client/listener-info.js';
import { Http2Connection, type ConnectionLimits } from './http2-connection.js';
import { sessionOptions } from './http2-settings.js';

/** What the HTTP/2 side of a listener needs. */
export interface Http2Options {
  readonly listener: ListenerInfo;
  readonly limits: ConnectionLimits;
  readonly head: HeadLimits;
  readonly handle: StreamHandler;
}

/** The connections of a listener that speak HTTP/2. One timer looks at all of them. */
export class Http2Connections {
  readonly #connections = new Set<Http2Connection>();
  readonly #session: ServerSessionOptions;
  readonly #interval: number;
  #sweptAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: Http2Options) {
    this.#session = sessionOptions(options.head);
    const { headerTimeout, keepAliveTimeout, requestTimeout, writeTimeout } = options.limits;
    const shortest = [headerTimeout, keepAliveTimeout, requestTimeout, writeTimeout].filter(time => time > 0);
    this.#interval = Math.max(50, Math.min(1_000, ...shortest.map(time => time / 10)));
  }

  /** Takes a connection on which HTTP/2 has been agreed on. */
  take(socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#timer === undefined) this.#watch();
    const { handle, limits, listener } = this.options;
    const connection = new Http2Connection(socket, this.#session, limits, handle, listener);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** Asks every client to go when it has its answers. */
  drain(): void {
    for (const connection of this.#connections) connection.retire();
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
    // While the gateway itself was too busy to look, it was too busy to read as well.
    const elapsed = Math.min(now - this.#sweptAt, 2 * this.#interval);
    this.#sweptAt = now;
    for (const connection of this.#connections) connection.sweep(now, elapsed);
  }
}
