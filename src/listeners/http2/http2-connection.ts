import { constants, performServerHandshake, type ServerHttp2Session, type ServerSessionOptions } from 'node:http2';
import type { Socket } from 'node:net';
import { kernelWritesOf } from '../../platform/kernel-writes.js';
import type { Exchange } from '../../proxy/exchange.js';
import { exchangesOn, type ExchangeSocket } from '../../proxy/exchanges.js';
import { Http2Head } from '../../proxy/client/http2-head.js';
import { Http2Message, type StreamHandler } from '../../proxy/client/http2-message.js';
import type { ListenerInfo } from '../../proxy/client/listener-info.js';
import { Http2Pace, type StreamPace } from './http2-pace.js';
import { connectionWindow } from './http2-settings.js';

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM, NGHTTP2_REFUSED_STREAM } = constants;

/** Frames that need an answer (PING, SETTINGS) that a client may send in a second. */
const maxControlFrames = 1_000;

/** Milliseconds for which a client may keep its connection without open streams after a GOAWAY, or when it is to leave. */
const lingerFor = 1_000;

const tooBusy = new Error('too many PING and SETTINGS frames');

/** Times in milliseconds, 0 = off. */
export interface ConnectionLimits extends StreamPace {
  readonly headerTimeout: number;
  readonly keepAliveTimeout: number;
  readonly requestsPerConnection: number;
}

/** An HTTP/2 connection of a client, with its limits. */
export class Http2Connection {
  readonly #session: ServerHttp2Session;
  readonly #pace: Http2Pace;
  readonly #openedAt = performance.now();
  #requests = 0;
  #leaves = false;
  /** The client has sent its SETTINGS, which must be its first frame. */
  #introduced = false;
  /** The time since which no stream is open; 0 while one is. */
  #idleSince = 0;
  /** The time at which GOAWAY was sent; 0 before. */
  #retiredAt = 0;
  #controlFrames = 0;
  #countedSince = 0;
  /** Bytes that had been written at the last look, and the time since which something waits to be written and none was. */
  #written = 0;
  #stuckSince = 0;

  constructor(
    private readonly socket: Socket,
    options: ServerSessionOptions,
    private readonly limits: ConnectionLimits,
    handle: StreamHandler,
    private readonly listener: ListenerInfo,
  ) {
    this.#pace = new Http2Pace(limits);
    const session = (this.#session = performServerHandshake(socket, options));
    session.setLocalWindowSize(connectionWindow);
    session
      .on('stream', (stream, headers, flags, raw) => {
        // Node refuses them itself, but of the streams that come with the preface in clear text it tells only when it has read them all.
        if (this.#retiredAt > 0) return void stream.on('error', () => {}).close(NGHTTP2_REFUSED_STREAM);
        this.#count();
        const head = new Http2Head(raw);
        const hasBody = (flags & NGHTTP2_FLAG_END_STREAM) === 0;
        handle(stream, head, new Http2Message(stream, head.fields, headers, socket, hasBody), listener);
      })
      .on('remoteSettings', () => {
        this.#introduced = true;
        this.#countControl();
      })
      .on('ping', () => this.#countControl())
      // Each stream reports its own end.
      .on('error', () => {});
  }

  /**
   * Accepts no new streams, and ends when the open ones have ended. GOAWAY names the last stream that was accepted; the client
   * may send later requests again elsewhere, of any method (RFC 9113 §6.8).
   */
  retire(): void {
    this.#retiredAt ||= performance.now();
    this.#session.close();
  }

  /** Ends it behind its first stream, or when none comes: the listener that its client has connected to has gone meanwhile. */
  leave(): void {
    this.#leaves = true;
  }

  /** Ends it at once, after sending what can be sent without waiting. */
  end(): void {
    this.#session.destroy();
  }

  /** Enforces the timeouts; `now` on the clock of `performance.now()`. */
  sweep(now: number, elapsed: number): void {
    const exchanges = exchangesOn(this.socket as ExchangeSocket);
    if (this.#session.closed && this.#isStuck(exchanges, now)) return void this.socket.destroy();
    this.#pace.sweep(exchanges, now, elapsed);
    if (exchanges.length > 0) this.#idleSince = 0;
    else if (this.#idleSince === 0) this.#idleSince = now;
    const { headerTimeout, keepAliveTimeout } = this.limits;
    if (this.#retiredAt > 0) {
      if (exchanges.length === 0 && now - this.#retiredAt > lingerFor) this.socket.destroy();
    } else if (!this.#introduced) {
      if (headerTimeout > 0 && now - this.#openedAt > headerTimeout) this.socket.destroy();
    } else {
      const most = this.#leaves ? lingerFor : keepAliveTimeout;
      if (this.#idleSince > 0 && most > 0 && now - this.#idleSince > most) this.retire();
    }
  }

  /**
   * Behind a GOAWAY of either side, a frame that breaks the rules (DATA on a stream that has ended) makes Node 26 neither read nor write the connection any more. Node does not
   * say so: streams would stay open for ever, and that the client goes away would not be noticed.
   */
  #isStuck(exchanges: readonly Exchange[], now: number): boolean {
    const { bytesWritten = 0, writeQueueSize = 0 } = kernelWritesOf(this.socket);
    // Resets of streams wait elsewhere in Node, uncounted.
    const isWaiting = (this.#session.state.outboundQueueSize ?? 0) > 0 || exchanges.some(isRefused);
    if (isWaiting && writeQueueSize === 0 && bytesWritten === this.#written) return now - this.#stuckSince > lingerFor;
    this.#written = bytesWritten;
    this.#stuckSince = now;
    return false;
  }

  #count(): void {
    this.#idleSince = 0;
    this.#requests++;
    const { requestsPerConnection } = this.limits;
    if (this.#requests === requestsPerConnection || this.#leaves || this.listener.draining) this.retire();
  }

  /**
   * Node answers each of these frames, so a client that sends only such frames would cost CPU time without end (CVE-2019-9512,
   * CVE-2019-9515).
   */
  #countControl(): void {
    const now = performance.now();
    if (now - this.#countedSince > 1_000) {
      this.#countedSince = now;
      this.#controlFrames = 0;
    }
    this.#controlFrames++;
    if (this.#controlFrames > maxControlFrames) this.#session.destroy(tooBusy, NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

/** It has failed, and nothing more is to be sent for it. */
function isRefused({ error, responder }: Exchange): boolean {
  return error !== undefined && responder.unsent === 0;
}
