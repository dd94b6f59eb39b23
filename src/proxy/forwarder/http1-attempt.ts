import type { Socket } from 'node:net';
import { answersForConnection } from '../../http/connection-auth.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { owned } from '../../http/loan.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import { connectionOptions } from '../../http/request-head.js';
import { lastChunk, writeChunk } from '../../http1/chunk-writer.js';
import type { Fault } from '../../http1/fault.js';
import { fieldLines, requestLine, UnwritableHead } from '../../http1/head-writer.js';
import type { ResponseReader } from '../../http1/response-reader.js';
import { latin1Text } from '../../platform/latin1.js';
import { stopWriteBuffering } from '../../platform/unbuffered-writes.js';
import { RequestBody, RequestBodyError } from '../client/request-body.js';
import { badResponse, brokenResponse, wrongLength, tooLate, unwritable, type Phase } from './attempt-failure.js';
import type { ConnectionPool, PoolUser } from './connection-pool.js';
import type { Deadlines, Timed } from './deadlines.js';
import type { AttemptControl, AttemptObserver, ForwardRequest } from './forwarder.js';
import type { Carried, Http1Connection } from './http1-connection.js';
import { isStale, networkError } from './network-error.js';
import { refusesWrites } from './refused-writes.js';

/** Bodies up to this size are written as one with their head, in bytes. */
const smallBody = 16 * 1024;

/**
 * One attempt over a connection of a {@link ConnectionPool}: waits for a connection, writes the request to it, and tells an {@link AttemptObserver}
 * what comes back.
 *
 * ```
 * connecting ── take ──→ sent ── final head ──→ responding ── whole ──→ over: the connection is free, if all of the request was written
 *                                           ── the upgrade ───────────→ over: the connection is the tunnel's
 * any ── abort, fail, late ───────────────────────────────────────────→ over: the connection is closed
 * ```
 */
export class Http1Attempt implements AttemptControl, Carried, PoolUser, Timed {
  deadline = 0;
  slot = -1;
  #phase: Phase = 'connecting';
  #over = false;
  #connection: Http1Connection | undefined;
  /** Bytes that the connection had brought before; -1 when it is new. */
  #bytesBefore = -1;
  #sentAt = 0;
  #idleTimeout: number;
  /** All of the request has been handed to the connection. */
  #isSent = false;
  /** Bytes of the body that are still to come; undefined where it is chunked. */
  #due: number | undefined;
  /** The connection may be let in as the client, and must carry no request of another one. */
  #usesUp = false;
  /** Of the response that has switched protocols. */
  #upgradeFields: RawHeaders = [];
  /** The observer takes no more of the response for now. */
  #isPaused = false;

  constructor(
    private readonly request: ForwardRequest,
    private readonly observer: AttemptObserver,
    private readonly pool: ConnectionPool,
    private readonly deadlines: Deadlines,
  ) {
    this.#idleTimeout = request.idleTimeout;
  }

  /** Asks for a connection. */
  begin(): void {
    this.pool.ask(this);
    if (this.#phase === 'connecting' && !this.#over) this.#expect(this.request.connectTimeout);
  }

  take(connection: Http1Connection): void {
    this.#connection = connection;
    this.#phase = 'sent';
    this.deadline = 0;
    this.#sentAt = performance.now();
    const { received, served, socket } = connection;
    if (served > 0) this.#bytesBefore = received;
    connection.carry(this, this.request.method === 'HEAD');
    this.observer.sent(this.#sentAt);
    if (this.#over) return;
    try {
      this.#write(socket);
    } catch (error) {
      if (!(error instanceof UnwritableHead)) throw error;
      this.#fail(unwritable(error.message));
    }
  }

  refused(error: Error): void {
    if (this.#over) return;
    this.#end();
    this.observer.fail(networkError(error, 'connecting'));
  }

  headRead(reader: ResponseReader): void {
    const { status, fields } = reader;
    if (status === 101) return this.#switch(fields);
    // A 100 has no fields of its own to pass on.
    if (status < 200) return this.observer.informational(status, status === 100 ? [] : fields);
    this.#phase = 'responding';
    this.#usesUp = this.request.tie === undefined && letsIn(fields);
    this.observer.head(status, reader.reason, fields);
  }

  bodyRead(piece: Buffer): void {
    const flows = this.#pass(piece);
    if (this.#over || flows) return;
    // A client that does not read is no fault of the backend.
    this.deadline = 0;
    this.#isPaused = true;
    this.#connection!.socket.pause();
  }

  #pass(piece: Buffer): boolean {
    const { loan } = this.#connection!;
    if (this.observer.takesLoans === true) return this.observer.data(piece, loan);
    return this.observer.data(owned(piece, loan));
  }

  waits(): void {
    if (this.#phase === 'responding' && !this.#isPaused && !this.#over) this.#expect(this.#idleTimeout);
  }

  responseRead(trailers: RawHeaders, hasRest: boolean): void {
    const connection = this.#connection!;
    // The end of the connection ends such a body. The reset that a write has met looks like that end.
    if (connection.endsWithConnection && refusesWrites(connection.socket)) {
      return this.#fail(brokenResponse('reset while the request was sent'));
    }
    this.#end();
    if (this.#isPaused) connection.socket.resume();
    if (hasRest || this.#usesUp || !this.#isWritten || !connection.isPersistent) connection.close();
    else this.pool.free(connection);
    this.observer.end(trailers);
  }

  switched(rest: Buffer): void {
    const { socket } = this.#connection!;
    this.#end();
    this.observer.upgraded(this.#upgradeFields, socket, rest);
  }

  faulty({ kind, message }: Fault): void {
    if (this.#phase === 'responding') return this.#fail(brokenResponse(message));
    if (kind === 'truncated') this.lost(undefined);
    else this.#fail(badResponse(`bad response: ${message}`));
  }

  lost(error: Error | undefined): void {
    this.#fail(networkError(error ?? closed, this.#phase));
  }

  drained(): void {
    if (this.request.body instanceof RequestBody) this.request.body.resume();
  }

  late(): void {
    const { connectTimeout, responseTimeout } = this.request;
    const limits = { connecting: connectTimeout, sent: responseTimeout, responding: this.#idleTimeout };
    this.#fail(tooLate(this.#phase, limits[this.#phase]));
  }

  resume(): void {
    if (this.#over) return;
    this.#isPaused = false;
    this.#expect(this.#idleTimeout);
    this.#connection?.socket.resume();
  }

  setIdleTimeout(milliseconds: number): void {
    this.#idleTimeout = milliseconds;
    if (this.#over) return;
    if (this.#phase === 'responding' && !this.#isPaused) this.#expect(milliseconds);
  }

  abort(): void {
    if (this.#over) return;
    this.#end();
    if (this.#connection === undefined) this.pool.leave(this);
    else this.#connection.close();
  }

  #write(socket: Socket): void {
    const { body, method, path } = this.request;
    const head = `${requestLine(method, path)}${fieldLines(this.request.headers)}${hopFields(this.request)}\r\n`;
    if (body instanceof RequestBody) {
      // It broke while the connection was made, and tells of that no more.
      if (body.errored !== null) return this.#bodyFailed(body.errored);
      socket.write(head, 'latin1');
      return this.#stream(body, socket);
    }
    if (body === undefined || body.length === 0) socket.write(head, 'latin1');
    else if (body.length <= smallBody) socket.write(head + latin1Text(body), 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
    this.#sent(this.#sentAt);
  }

  #stream(body: RequestBody, socket: Socket): void {
    stopWriteBuffering(socket);
    const isChunked = body.length === undefined;
    this.#due = isChunked ? undefined : Number(body.length);
    body
      .on('error', error => this.#bodyFailed(error))
      .on('end', () => this.#bodyEnded(body, socket))
      .on('data', (piece: Buffer) => {
        if (this.#over || this.#isTooMuch(piece)) return;
        const flows = isChunked ? writeChunk(socket, piece) : socket.write(piece);
        if (!flows) body.pause();
      });
  }

  /** More than was declared must not reach the connection: it would be read as another request. */
  #isTooMuch(piece: Buffer): boolean {
    if (this.#due === undefined) return false;
    this.#due -= piece.length;
    if (this.#due < 0) this.#fail(wrongLength());
    return this.#due < 0;
  }

  #bodyEnded(body: RequestBody, socket: Socket): void {
    if (this.#over) return;
    if (this.#due === undefined) socket.write(lastChunk(body.trailers), 'latin1');
    else if (this.#due > 0) return this.#fail(wrongLength());
    this.#sent(performance.now());
  }

  #bodyFailed(error: Error): void {
    if (this.#over) return;
    if (error instanceof RequestBodyError) this.#fail(error.gatewayError);
    else this.#fail(networkError(error, this.#phase));
  }

  /** The whole request has been written: from here on the backend is the one to wait for. */
  #sent(at: number): void {
    this.#isSent = true;
    if (this.#phase === 'sent') this.#expect(this.request.responseTimeout, at);
  }

  /** The backend has switched protocols, and speaks the new one on the same connection. */
  #switch(fields: RawHeaders): void {
    const { upgrade } = this.request;
    // Not asked for, or another one: a backend that does not keep to the protocol.
    if (upgrade === undefined || RawHeaders.get(fields, 'upgrade')?.toLowerCase() !== upgrade.toLowerCase()) {
      return this.#fail(badResponse('bad response: an upgrade to what was not asked for'));
    }
    // RFC 9110 §7.8
    if (!connectionOptions(RawHeaders.get(fields, 'connection') ?? '').has('upgrade')) {
      return this.#fail(badResponse('bad response: an upgrade that Connection does not name'));
    }
    this.#upgradeFields = fields;
    this.#connection!.handOver();
  }

  #fail(error: GatewayError): void {
    if (this.#over) return;
    const connection = this.#connection;
    const isUnsent = this.#isUnsent;
    const isReused = this.#bytesBefore >= 0 && connection?.received === this.#bytesBefore;
    this.abort();
    this.observer.fail(error, isStale(error, isReused, this.#sentAt), isUnsent);
  }

  /** All of the request has left this process. Another one behind it would wait until the backend takes the rest, which it may never do. */
  get #isWritten(): boolean {
    return this.#isSent && this.#connection!.socket.writableLength === 0;
  }

  /** The connection has ended, or is to, before all of the body was written. */
  get #isUnsent(): boolean {
    const connection = this.#connection;
    if (this.request.body === undefined || connection === undefined) return false;
    return !this.#isSent || refusesWrites(connection.socket);
  }

  #expect(within: number, from = performance.now()): void {
    if (within === 0) {
      this.deadline = 0;
      return;
    }
    this.deadline = from + within;
    this.deadlines.watch(this);
  }

  #end(): void {
    this.#over = true;
    this.deadlines.forget(this);
    if (this.request.body instanceof RequestBody) this.request.body.destroy();
  }
}

const closed = Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });

/** The fields of this hop, behind those of the request. */
function hopFields({ acceptsTrailers, body, expectsContinue, upgrade }: ForwardRequest): string {
  let fields = '';
  if (expectsContinue) fields += 'Expect: 100-continue\r\n';
  if (body instanceof RequestBody && body.length === undefined) fields += 'Transfer-Encoding: chunked\r\n';
  if (upgrade !== undefined) return `${fields}Connection: Upgrade\r\n${fieldLines(['Upgrade', upgrade])}`;
  return `${fields}Connection: keep-alive${acceptsTrailers === true ? ', TE' : ''}\r\n`;
}

/** The response lets in the connection, not the request (NTLM, Negotiate). */
function letsIn(fields: RawHeaders): boolean {
  const challenge = RawHeaders.get(fields, 'www-authenticate');
  const persistent = RawHeaders.get(fields, 'persistent-auth');
  if (challenge === undefined && persistent === undefined) return false;
  const challenges = RawHeaders.pairs(fields).filter(([name]) => name.toLowerCase() === 'www-authenticate');
  return answersForConnection(
    challenges.map(([, value]) => value),
    persistent,
  );
}
