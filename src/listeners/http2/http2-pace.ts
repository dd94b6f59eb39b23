import { GatewayError } from '../../http/gateway-error.js';
import { overtime } from '../../proxy/client/overtime.js';
import type { Exchange } from '../../proxy/exchange.js';
import type { ClientPace } from '../slow-clients.js';
import { tooSlow, Upload } from '../upload.js';

/** A stalled response may wait this many times as long while other responses of its connection move: clients set priorities. */
const priorityFactor = 10;

/** How fast a client must be with each of its requests. */
export interface StreamPace extends ClientPace {
  /** Milliseconds within which the request must have arrived; 0 = off. */
  readonly requestTimeout: number;
}

interface Progress {
  readonly upload: Upload;
  /** Body bytes for which the client has made room, counted in the chunks of the backend (64 KiB at most). */
  bytesTaken: number;
  /** Milliseconds since this number last changed while more bytes waited. */
  stalled: number;
}

/**
 * Ends the exchanges of one connection whose client sends the body too slowly (408), or leaves no room for the response
 * (RFC 9113 §10.5): by its own windows a client can stall each stream while the connection is busy.
 */
export class Http2Pace {
  #watched = new Map<Exchange, Progress>();
  /** Milliseconds since any response of the connection has moved. */
  #still = 0;

  constructor(private readonly pace: StreamPace) {}

  /** Looks at all open exchanges, after another `elapsed` milliseconds; `now` on the clock of `performance.now()`. */
  sweep(exchanges: readonly Exchange[], now: number, elapsed: number): void {
    // The new map holds only open exchanges, so nothing has to be removed when an exchange ends.
    const watched = new Map<Exchange, Progress>();
    this.#still += elapsed;
    for (const exchange of exchanges) {
      const { bodyGrace, minBodyRate } = this.pace;
      const known = this.#watched.get(exchange);
      const progress = known ?? { upload: new Upload(minBodyRate, bodyGrace), bytesTaken: 0, stalled: 0 };
      watched.set(exchange, progress);
      const bytesTaken = exchange.bytesOut + (exchange.upgrade?.bytesOut ?? 0) - unsent(exchange);
      if (bytesTaken !== progress.bytesTaken) {
        progress.bytesTaken = bytesTaken;
        progress.stalled = 0;
        this.#still = 0;
      }
    }
    this.#watched = watched;
    for (const [exchange, progress] of watched) {
      this.#upload(exchange, progress, now, elapsed);
      this.#download(exchange, progress, elapsed);
    }
  }

  #upload(exchange: Exchange, { upload }: Progress, now: number, elapsed: number): void {
    const { minBodyRate, requestTimeout } = this.pace;
    if (exchange.error !== undefined || exchange.body?.ended !== false) return;
    if (requestTimeout > 0 && now - exchange.times.openedAt > requestTimeout) {
      const late = new GatewayError('CLIENT_TIMEOUT', 'The request did not arrive in time.', 'requestTimeout');
      exchange.fail(overtime(late, 'limits.requestTimeout', requestTimeout));
    } else if (minBodyRate > 0 && upload.isTooSlow(exchange, elapsed)) {
      const reason = `${exchange.bytesIn} bytes in ${Math.round(upload.waited)} ms of waiting`;
      exchange.fail(tooSlow(reason, minBodyRate));
    }
  }

  #download(exchange: Exchange, progress: Progress, elapsed: number): void {
    const { writeTimeout } = this.pace;
    if (writeTimeout === 0 || unsent(exchange) === 0) return;
    progress.stalled += elapsed;
    const longest = this.#still < writeTimeout ? writeTimeout * priorityFactor : writeTimeout;
    if (progress.stalled < longest) return;
    const reason = `read nothing for ${Math.round(progress.stalled)} ms`;
    exchange.fail(overtime(new GatewayError('CLIENT_ABORTED', undefined, reason), 'limits.writeTimeout', writeTimeout));
    // An exchange that had already failed, and whose answer is not read, does not end by failing again.
    exchange.responder.abort();
  }
}

function unsent({ responder }: Exchange): number {
  return responder.unsent ?? 0;
}
