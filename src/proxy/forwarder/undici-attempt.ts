import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { answersForConnection } from '../../http/connection-auth.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { RequestBody } from '../client/request-body.js';
import { badResponse, brokenResponse, tooLate, type Phase } from './attempt-failure.js';
import type { Deadlines, Timed } from './deadlines.js';
import { badHead, isFinalHead } from './final-head.js';
import type { AttemptControl, AttemptObserver, ForwardRequest } from './forwarder.js';
import { isStale, networkError } from './network-error.js';
import type { ConnectionState, ConnectionUser } from './pooled-client.js';
import { refusesWrites } from './refused-writes.js';
import { stopWriteBuffering } from '../../platform/unbuffered-writes.js';

/** undici's callbacks for one attempt, turned into what an {@link AttemptObserver} wants to hear. */
export class UndiciAttempt implements Dispatcher.DispatchHandler, AttemptControl, Timed, ConnectionUser {
  deadline = 0;
  slot = -1;
  connection: ConnectionState | undefined;
  /** Bytes that the connection had brought before; -1 when it is new. */
  #bytesBefore = -1;
  #sentAt = 0;
  #idleTimeout: number;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'connecting';
  /** Its response has neither a length nor chunks: the end of the connection is its end. */
  #endsWithConnection = false;
  /** The connection may be let in as the client, and must carry no request of another one. */
  #usesUp = false;
  #over = false;
  /** All of the request has been handed to the connection. */
  #isSent = false;

  constructor(
    private readonly request: ForwardRequest,
    private readonly observer: AttemptObserver,
    private readonly deadlines: Deadlines,
  ) {
    this.#idleTimeout = request.idleTimeout;
    if (request.connectTimeout === 0) return;
    this.#expect(request.connectTimeout);
    deadlines.watch(this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) {
      controller.abort(new Error('given up'));
      return;
    }
    this.#phase = 'sent';
    this.deadline = 0;
    this.#sentAt = performance.now();
    const { connection } = this;
    if (connection?.socket !== undefined && this.request.body instanceof RequestBody)
      stopWriteBuffering(connection.socket);
    if (connection !== undefined && connection.served > 0) this.#bytesBefore = connection.socket?.bytesRead ?? -1;
    this.observer.sent();
  }

  /** The whole request has been written: from here on the backend is the one to wait for. */
  onRequestSent(): void {
    this.#isSent = true;
    if (this.#over || this.#phase !== 'sent') return;
    this.#expect(this.request.responseTimeout);
    this.deadlines.watch(this);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    fields: IncomingHttpHeaders,
    message = '',
  ): void {
    if (this.#over) return;
    const coding = fields['transfer-encoding'];
    const hasLength = fields['content-length'] !== undefined;
    // undici's parser takes both (RFC 9112 §6.3: an attempt at response splitting).
    const ambiguous = coding !== undefined && hasLength;
    if (ambiguous || status === 101 || (status >= 200 && !isFinalHead(status, coding))) {
      this.#fail(badHead(status, coding, fields['content-length']));
      return;
    }
    const headers = controller.rawHeaders as Buffer[];
    if (status < 200) {
      this.observer.informational(status, headers);
      return;
    }
    this.#phase = 'responding';
    this.#endsWithConnection = coding === undefined && !hasLength;
    this.#usesUp = answersForConnection(fields['www-authenticate'], fields['persistent-auth']);
    this.#expect(this.#idleTimeout);
    this.deadlines.watch(this);
    this.observer.head(status, asBytes(message), headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.observer.data(chunk)) this.#expect(this.#idleTimeout);
    else {
      // A client that does not read is no fault of the backend.
      this.deadline = 0;
      controller.pause();
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.connection !== undefined) this.connection.served++;
    if (this.#usesUp) this.connection?.socket?.destroy();
    if (this.#over) return;
    this.#end();
    // undici takes a reset for the end of such a response, as it takes a FIN.
    const broken = this.#endsWithConnection ? this.#breakOf(this.connection?.socket) : undefined;
    if (broken) return this.observer.fail(broken, false, this.#isUnsent);
    this.observer.end(controller.rawTrailers as Buffer[] | undefined);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    this.#end();
    const failure = networkError(error, this.#phase);
    const reused = this.#bytesBefore >= 0 && this.connection?.socket?.bytesRead === this.#bytesBefore;
    this.observer.fail(failure, isStale(failure, reused, this.#sentAt), this.#isUnsent);
  }

  /** The reset that has ended a connection; it may have been told to a write, and to no read. */
  #breakOf(socket: Socket | undefined): GatewayError | undefined {
    if (socket === undefined) return undefined;
    if (socket.errored) return networkError(socket.errored, this.#phase);
    return refusesWrites(socket) ? brokenResponse('reset while the request was sent') : undefined;
  }

  /** The connection has ended, or is to, before all of the body was written. */
  get #isUnsent(): boolean {
    if (this.request.body === undefined || this.#phase === 'connecting') return false;
    const socket = this.connection?.socket;
    return !this.#isSent || (socket !== undefined && refusesWrites(socket));
  }

  // undici asks for the callback of upgrades only when one was requested, which happens nowhere here.
  onRequestUpgrade(): void {
    this.#fail(badResponse('bad response: an upgrade that was not asked for'));
  }

  late(): void {
    const { connectTimeout, responseTimeout } = this.request;
    const limits = { connecting: connectTimeout, sent: responseTimeout, responding: this.#idleTimeout };
    this.#fail(tooLate(this.#phase, limits[this.#phase]));
  }

  resume(): void {
    this.#expect(this.#idleTimeout);
    this.#controller?.resume();
  }

  setIdleTimeout(milliseconds: number): void {
    this.#idleTimeout = milliseconds;
    if (this.#phase === 'responding') this.#expect(milliseconds);
  }

  abort(): void {
    if (this.#over) return;
    this.#end();
    this.#controller?.abort(new Error('given up'));
  }

  #fail(error: GatewayError): void {
    this.abort();
    this.observer.fail(error);
  }

  #expect(within: number): void {
    this.deadline = within === 0 ? 0 : performance.now() + within;
  }

  #end(): void {
    this.#over = true;
    this.deadlines.forget(this);
  }
}

/** One character for each byte, as everything else of a head has it: undici reads the reason phrase, and it alone, as UTF-8. */
function asBytes(message: string): string {
  return ascii.test(message) ? message : message.includes('\ufffd') ? '' : Buffer.from(message).toString('latin1');
}

const ascii = /^[\0-\x7f]*$/;
