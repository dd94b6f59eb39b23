import type { Socket } from 'node:net';
import { GatewayError } from '../http/gateway-error.js';
import { kernelWritesOf } from '../platform/kernel-writes.js';
import { resetConnection } from '../proxy/client/connection-reset.js';
import { overtime } from '../proxy/client/overtime.js';
import type { Exchange } from '../proxy/exchange.js';
import { exchangesOn, lastExchangeOn, type ExchangeSocket } from '../proxy/exchanges.js';
import { tooSlow, Upload, type Grace } from './upload.js';

/** How fast a client must send and read to keep its connection: part of `listeners.*.limits`. */
export interface ClientPace {
  /** Least bytes of a body per second; 0 = off. */
  readonly minBodyRate: number;
  /** Milliseconds within which the client must read some of the waiting bytes; 0 = off. */
  readonly writeTimeout: number;
  /**
   * The time in which the rate of a body is not checked. Not in the configuration; for tests. Default: 20 s, and 5 s while
   * others wait for its place at the backend.
   */
  readonly bodyGrace?: Grace | undefined;
}

/** A connection with data that its client does not read. */
interface Stall {
  /** Bytes that the kernel had taken at the last look. */
  readonly taken: number;
  /** Milliseconds since this number last changed. */
  readonly lasted: number;
}

/**
 * Cuts the clients of a listener that send their bodies too slowly (408), or do not read their responses. One timer looks at
 * all connections every second, or ten times in `writeTimeout` when that is shorter than 10 s; requests and chunks cost
 * nothing. Only time in which the gateway waits for the client counts.
 */
export class SlowClients {
  readonly #interval: number;
  #uploads = new Map<Exchange, Upload>();
  #stalls = new Map<Socket, Stall>();
  #sweptAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly pace: ClientPace,
    private readonly sockets: Iterable<ExchangeSocket>,
  ) {
    this.#interval = pace.writeTimeout === 0 ? 1_000 : Math.max(50, Math.min(1_000, pace.writeTimeout / 10));
  }

  /** Starts the timer. */
  watch(): void {
    if (this.pace.minBodyRate === 0 && this.pace.writeTimeout === 0) return;
    this.#sweptAt = performance.now();
    this.#timer = setInterval(() => this.sweep(performance.now()), this.#interval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#uploads.clear();
    this.#stalls.clear();
  }

  /** Looks at all connections; `now` on the clock of `performance.now()`. */
  sweep(now: number): void {
    // While the gateway was too busy to look, it was also too busy to read: that time does not count against clients.
    const elapsed = Math.min(now - this.#sweptAt, 2 * this.#interval);
    this.#sweptAt = now;
    const { minBodyRate, writeTimeout } = this.pace;
    // The new maps hold only clients that are still slow, so nothing has to be removed when a connection ends.
    const uploads = new Map<Exchange, Upload>();
    const stalls = new Map<Socket, Stall>();
    for (const socket of this.sockets) {
      if (socket.destroyed) continue;
      const exchange = lastExchangeOn(socket);
      if (minBodyRate > 0 && exchange?.body?.ended === false) this.#pace(exchange, elapsed, uploads);
      if (writeTimeout > 0) this.#drain(socket, elapsed, stalls);
    }
    this.#uploads = uploads;
    this.#stalls = stalls;
  }

  #pace(exchange: Exchange, elapsed: number, next: Map<Exchange, Upload>): void {
    if (exchange.error !== undefined) return;
    const upload = this.#uploads.get(exchange) ?? new Upload(this.pace.minBodyRate, this.pace.bodyGrace);
    if (upload.isTooSlow(exchange, elapsed)) {
      const reason = `${exchange.bytesIn} bytes in ${Math.round(upload.waited)} ms of waiting`;
      exchange.fail(tooSlow(reason, this.pace.minBodyRate));
    } else next.set(exchange, upload);
  }

  #drain(socket: ExchangeSocket, elapsed: number, next: Map<Socket, Stall>): void {
    const { bytesWritten = 0, writeQueueSize = 0 } = kernelWritesOf(socket);
    if (writeQueueSize === 0 && socket.writableLength === 0) return;
    const taken = bytesWritten - writeQueueSize;
    const before = this.#stalls.get(socket);
    const lasted = before?.taken === taken ? before.lasted + elapsed : 0;
    if (lasted < this.pace.writeTimeout) {
      next.set(socket, { taken, lasted });
      return;
    }
    resetConnection(socket);
    const reason = `read nothing for ${Math.round(lasted)} ms`;
    const error = overtime(
      new GatewayError('CLIENT_ABORTED', undefined, reason),
      'limits.writeTimeout',
      this.pace.writeTimeout,
    );
    for (const exchange of exchangesOn(socket)) exchange.fail(error);
  }
}
