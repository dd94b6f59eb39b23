import type { Duplex } from 'node:stream';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { isConnectionField } from '../../fields/connection-fields.js';
import { owned, type Loan } from '../../http/loan.js';
import { JoinedWrites } from '../../http/joined-writes.js';
import { StreamSink } from '../../http/sinks.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { Responder } from './responder.js';

const { NGHTTP2_NO_ERROR } = constants;

/** Makes Node reset a stream with INTERNAL_ERROR. */
const broken = new Error('the response is broken');

/** Bodies up to this size are written together with their end, in bytes. */
const smallBody = 16 * 1024;

/** Interim responses are left out while so many frames wait to be written to the connection. */
const maxQueued = 100;

/** A {@link Responder} over a stream of Node's HTTP/2 server. None of its methods throws once the stream is gone. */
export class Http2Responder implements Responder {
  source: { resume(): void } | undefined;
  /** The response is whole: nothing more is to be written. */
  ended = false;
  #drainAttached = false;
  #continueSent = false;
  #waitsForTrailers = false;
  /** No body follows the head, even if the backend sends one. */
  #bodiless = false;
  length = -1;
  /** The whole body, held until `end`, which follows in the same turn. */
  #whole: Buffer | undefined;
  #trailers: OutgoingHttpHeaders | undefined;
  /** The body, where it comes in pieces. */
  #writes: JoinedWrites | undefined;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly request: { readonly complete: boolean },
    private readonly isHead: boolean,
    /** The client waits for a 100 before it sends its body. */
    private readonly expectsContinue: boolean,
  ) {}

  get headSent(): boolean {
    return this.stream.headersSent;
  }

  get withholdsContinue(): boolean {
    return this.expectsContinue && !this.#continueSent;
  }

  /** Bytes that the client has not made room for. */
  get unsent(): number {
    return this.stream.writableLength + (this.#writes?.length ?? 0);
  }

  informational(status: number, headers: RawHeaders): void {
    const { stream } = this;
    if (stream.headersSent || this.#isGone || status === 101) return;
    // Interim responses may be left out (RFC 9110 §15.2), and must not pile up for a client that does not read.
    if ((stream.session?.state.outboundQueueSize ?? 0) > maxQueued) return;
    if (status === 100) {
      if (!this.withholdsContinue) return;
      this.#continueSent = true;
    }
    this.#guarded(() => stream.additionalHeaders({ ...merged(headers), ':status': status }));
  }

  head(status: number, _message: string, headers: RawHeaders): void {
    // 11
    this.#respond(status, headers, false);
  }

  /** Heads are never held back. */
  flush(): void {}

  write(chunk: Buffer, loan?: Loan): boolean {
    const { stream } = this;
    if (this.#bodiless || this.#isGone) return true;
    if (chunk.length === this.length && chunk.length <= smallBody) {
      this.#whole = owned(chunk, loan);
      return true;
    }
    if ((this.#writes ??= new JoinedWrites(new StreamSink(stream))).write(chunk, loan)) return true;
    if (!this.#drainAttached) {
      this.#drainAttached = true;
      stream.on('drain', () => this.source?.resume());
    }
    return false;
  }

  end(trailers?: RawHeaders): void {
    if (this.#isGone) return;
    this.ended = true;
    if (trailers !== undefined) this.#trailers = merged(trailers);
    if (this.#bodiless) this.#letGo();
    else this.#finish(this.#whole);
  }

  /** RFC 8441 §5: the status 200 makes the upgrade, and there is no `Sec-WebSocket-Accept`. */
  switchProtocols(_protocol: string, headers: RawHeaders): Duplex | undefined {
    const { stream } = this;
    if (this.#isGone) return undefined;
    this.ended = true;
    RawHeaders.remove(headers, 'sec-websocket-accept');
    const fields = [':status', '200'];
    copyFields(headers, fields);
    this.#guarded(() => stream.respond(fields));
    return this.#isGone ? undefined : stream;
  }

  send(status: number, headers: RawHeaders, body: string | Buffer): void {
    this.#respond(status, headers, body.length === 0);
    if (this.#isGone) return;
    this.ended = true;
    if (this.#bodiless) this.#letGo();
    else this.#finish(body);
  }

  abort(): void {
    // Not `close`, which says the end of the body (END_STREAM) before it resets the stream.
    if (!this.#isGone) this.stream.destroy(broken);
  }

  get #isGone(): boolean {
    return this.stream.closed || this.stream.destroyed;
  }

  #respond(status: number, headers: RawHeaders, empty: boolean): void {
    if (this.#isGone) return;
    // Node throws for a status beyond 599; RFC 9110 §15 has clients treat one as a server error.
    const fields = [':status', String(status > 599 ? 502 : status)];
    this.length = copyFields(headers, fields);
    this.#bodiless = empty || this.isHead || this.length === 0 || status === 204 || status === 205 || status === 304;
    // A body of declared length has no trailers: they come from HTTP/1.1, where only chunked ones have.
    const waitForTrailers = (this.#waitsForTrailers = !this.#bodiless && this.length === -1);
    if (waitForTrailers) this.stream.on('wantTrailers', () => this.#sendTrailers());
    this.#guarded(() => this.stream.respond(fields, { endStream: this.#bodiless, waitForTrailers }));
  }

  #finish(last: Buffer | string | undefined): void {
    const { stream } = this;
    this.#writes?.flush();
    if (!this.request.complete && !this.#waitsForTrailers) stream.once('finish', () => this.#letGo());
    if (last === undefined) stream.end();
    else stream.end(last);
  }

  #sendTrailers(): void {
    this.#guarded(() => this.stream.sendTrailers(this.#trailers ?? {}));
    this.#letGo();
  }

  /** The rest of a request is of no use once the request is answered: tells the client that it may stop (RFC 9113 §8.1). */
  #letGo(): void {
    if (this.request.complete) return;
    // Node writes trailers in an immediate of its own.
    setImmediate(() => this.stream.close(NGHTTP2_NO_ERROR));
  }

  /** Node throws for fields that it cannot write. */
  #guarded(write: () => void): void {
    try {
      write();
    } catch {
      this.abort();
    }
  }
}

/** Adds the fields that HTTP/2 may have (RFC 9113 §8.2.2) to `fields`; gives the length that they declare, or -1. */
function copyFields(headers: RawHeaders, fields: RawHeaders): number {
  let length = -1;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (isConnectionField(name)) continue;
    if (name.length === 14 && name.toLowerCase() === 'content-length') length = Number(headers[i + 1]);
    fields.push(name, clean(headers[i + 1]!));
  }
  return length;
}

/** A field value with NUL, CR and LF replaced by spaces: Node cuts values at a NUL, and RFC 9110 §5.5 forbids line ends in them. */
function clean(value: string): string {
  return /[\0\r\n]/.test(value) ? value.replace(/[\0\r\n]/g, ' ') : value;
}

/** Fields as an object, repeated ones as a list. */
function merged(headers: RawHeaders): OutgoingHttpHeaders {
  const fields = Object.create(null) as Record<string, string[]>;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (!isConnectionField(name)) (fields[name] ??= []).push(clean(headers[i + 1]!));
  }
  return fields;
}
