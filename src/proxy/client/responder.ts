import type { Duplex } from 'node:stream';
import type { Loan } from '../../http/loan.js';
import type { RawHeaders } from '../../fields/raw-headers.js';

/** The client's side of an exchange, over HTTP/1.x or HTTP/2. */
export interface Responder {
  /** The response head is on its way: from now on an error can only cut the message. */
  readonly headSent: boolean;
  /** The client has asked for a 100 (Continue) and was not sent one. Default: false. */
  readonly withholdsContinue?: boolean;
  /** Bytes of the body that the head has announced; -1 where it has not. */
  readonly length: number;
  /** Body bytes that wait for the client to make room for them, on a connection that it shares with others. Default: 0. */
  readonly unsent?: number;
  /** Sends an interim response (100, 103 …); dropped for clients that cannot take one (RFC 9110 §15.2). */
  informational(status: number, headers: RawHeaders): void;
  head(status: number, message: string, headers: RawHeaders): void;
  /** Sends the head at once, before any of the body: for streams, whose first byte may be long in coming. */
  flush(): void;
  /** False: stop, and go on when `source.resume` is called. Without a `loan` the chunk is the responder's from now on. */
  write(chunk: Buffer, loan?: Loan): boolean;
  end(trailers?: RawHeaders): void;
  /**
   * Sends the head that makes an upgrade, without the fields that name the protocol, which it adds itself, and gives up the
   * connection, or the stream of one. Undefined when the client has gone.
   */
  switchProtocols(protocol: string, headers: RawHeaders): Duplex | undefined;
  /** Sends a whole response at once. */
  send(status: number, headers: RawHeaders, body: string | Buffer): void;
  /** Breaks the message so that the client sees the break, never a clean end. */
  abort(): void;
  /** Where the body comes from: resumed when the client has read what was written. */
  source: { resume(): void } | undefined;
}
