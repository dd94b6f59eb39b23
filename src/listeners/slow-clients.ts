import type { Socket } from 'node:net';
import { GatewayError } from '../http/gateway-error.js';
import { kernelWritesOf } from '../platform/kernel-writes.js';
import { resetConnection } from '../proxy/client/connection-reset.js';
import type { Exchange } from '../proxy/exchange.js';
import { exchangesOn, lastExchangeOn, type ExchangeSocket } from '../proxy/exchanges.js';
import { Upload, type Grace } from './upload.js';

/** What a client must at least do to keep its connection: part of `listeners.*.limits`. */
export interface ClientPace {
  /** Bytes of a body a second; 0 = off. */
  readonly minBodyRate: number;
  /** Milliseconds in which it must read something of what waits for it; 0 = off. */
  readonly writeTimeout: number;
  /** In which the rate of a body is not looked at. No configuration has it. Default: 20 s, and 5 s while others wait for its place at the backend. */
  readonly bodyGrace?: Grace | undefined;
}

/** A connection on which data waits that its client does not read. */
interface Stall {
  /** Bytes that the kernel had taken over when it was looked at last. */
  readonly taken: number;
  /** Milliseconds since that has changed. */
  readonly lasted: number;
}

/**
 * Cuts the clients of a listener that send their bodies drop by drop (408), or do not read their responses. One timer
 * looks at all connections every second or, when `writeTimeout` is shorter than 10 s, ten times in that; requests and
 * chunks cost nothing. A client answers only for the time in which the gateway waits for it.
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

  /** Begins to look. */
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
    // While the gateway itself was too busy to look, it was too busy to read as well.
    const elapsed = Math.min(now - this.#sweptAt, 2 * this.#interval);
    this.#sweptAt = now;
    const { minBodyRate, writeTimeout } = this.pace;
    // What is not slow any more is not in the new maps: no connection has to be told when it ends.
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
      exchange.fail(new GatewayError('CLIENT_TIMEOUT', 'The request body came too slowly.', reason));
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
    for (const exchange of exchangesOn(socket)) exchange.fail(new GatewayError('CLIENT_ABORTED', undefined, reason));
  }
}
