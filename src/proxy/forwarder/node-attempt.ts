import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RawHeaders } from '../../fields/raw-headers.js';
import { answersForConnection } from '../../http/connection-auth.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { joinedMessagePush, joinPieces } from '../../http/joined-readable.js';
import { RequestBody, RequestBodyError } from '../client/request-body.js';
import { badResponse, brokenResponse, tooLate, type Phase } from './attempt-failure.js';
import { badHead, isFinalHead } from './final-head.js';
import type { AttemptControl, AttemptObserver, ForwardRequest } from './forwarder.js';
import { isStale, networkError } from './network-error.js';
import { stopWriteBuffering } from '../../platform/unbuffered-writes.js';

/** How an attempt is bound to what sends its request. */
export interface NodeAttemptOptions {
  /** Milliseconds until a connection, TLS handshake included, must stand; counted from now. */
  readonly connectTimeout: number;
  /** What stands for the backend's connection once it was upgraded; default: itself. */
  readonly pipe?: Duplex | undefined;
  /** Called once when the attempt is over, however it ended. */
  readonly onOver?: () => void;
}

/**
 * An attempt that is carried by a `ClientRequest` of `node:http`: keeps its time limits, and tells an {@link AttemptObserver} what becomes
 * of it. The request's body is written by the forwarder that makes the request.
 */
export class NodeAttempt implements AttemptControl {
  #client: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #phase: Phase = 'connecting';
  /** What is made for it, until it stands. */
  #connecting: Socket | undefined;
  #over = false;
  #sentAt = 0;
  #bytesBefore: number | undefined;
  /** A piece of the body has come since the timer went off. */
  #progressed = false;

  constructor(
    private readonly request: ForwardRequest,
    private readonly observer: AttemptObserver,
    private readonly options: NodeAttemptOptions,
  ) {
    this.#arm(request.connectTimeout || options.connectTimeout);
  }

  /** It has ended, failed or been given up. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Follows a request from now on. Its head must not be on a connection yet, and no body be piped into it: the trailers
   * have to be added before the end of the body is seen.
   */
  watch(client: ClientRequest): void {
    this.#client = client;
    const { observer, request } = this;
    if (client.socket === null || client.socket === undefined) client.on('socket', socket => this.#connect(socket));
    else this.#connect(client.socket);
    client
      .on('finish', () => {
        if (this.#phase === 'sent') this.#arm(request.responseTimeout);
      })
      // Of a 100 as well, which Node tells by `continue` too; that has no fields of its own to pass on.
      .on('information', ({ statusCode, rawHeaders }) => {
        if (!this.#over) observer.informational(statusCode, statusCode === 100 ? [] : rawHeaders);
      })
      .on('response', response => this.#respond(response))
      .on('upgrade', (response, socket, head) => this.#upgrade(response, socket as Socket, head))
      .on('error', error => this.fail(error));
    if (!(request.body instanceof RequestBody)) return;
    const { body } = request;
    body
      .on('end', () => {
        const { trailers } = body;
        if (trailers.length > 0) client.addTrailers(RawHeaders.pairs(trailers));
      })
      .on('error', error => this.fail(error));
  }

  /** For the agent: the connection that is made for the request. */
  readonly onConnecting = (socket: Socket): void => {
    if (this.#over) socket.destroy();
    else this.#connecting = socket;
  };

  resume(): void {
    this.#response?.resume();
  }

  setIdleTimeout(milliseconds: number): void {
    if (this.#phase === 'responding' && !this.#over) this.#arm(milliseconds);
  }

  abort(): void {
    if (!this.#over) this.#stop();
  }

  /** Ends the attempt with what the network, the body of the client, or the library in between reports. */
  fail(error: Error): void {
    if (error instanceof RequestBodyError) this.refuse(error.gatewayError);
    else this.#failBehindResponse(networkError(error, this.#phase));
  }

  /** Ends the attempt with an error that is known already. */
  refuse(error: GatewayError): void {
    if (this.#over) return;
    const client = this.#client;
    const isReused = client?.reusedSocket === true && client.socket?.bytesRead === this.#bytesBefore;
    const isUnsent = this.request.body !== undefined && this.#phase !== 'connecting' && !client?.writableFinished;
    this.#stop();
    this.observer.fail(error, isStale(error, isReused, this.#sentAt), isUnsent);
  }

  /** Ends the attempt with an error of the backend's side, unless the response is whole already. */
  #failBehindResponse(error: GatewayError): void {
    if (this.#over) return;
    const response = this.#response;
    if (response !== undefined) {
      // Node tells of the error at once, and of the data before it in the next tick.
      if (!response.isPaused()) readAll(response);
      // What is wrong comes behind the response, which is whole: its end follows.
      if (response.complete && !response.destroyed) return;
    }
    this.refuse(error);
  }

  /** The backend has switched protocols, and speaks the new one on the same connection. */
  #upgrade(response: IncomingMessage, connection: Socket, head: Buffer): void {
    if (this.#over) {
      connection.destroy();
      return;
    }
    this.#sent();
    const { upgrade } = this.request;
    // Not asked for, or another one: a backend that does not keep to the protocol.
    if (upgrade === undefined || response.headers.upgrade?.toLowerCase() !== upgrade.toLowerCase()) {
      connection.on('error', () => {}).destroy();
      this.refuse(badResponse('bad response: an upgrade to what was not asked for'));
      return;
    }
    this.#phase = 'responding';
    this.#finish();
    // The pool of connections had set one.
    connection.setTimeout(0);
    const { pipe } = this.options;
    if (pipe === undefined) return this.observer.upgraded(response.rawHeaders, connection, head);
    pipe.once('close', () => connection.destroy());
    // The library that fills the pipe writes what came behind the head into it as well.
    this.observer.upgraded(response.rawHeaders, pipe, Buffer.alloc(0));
  }

  #connect(socket: Socket): void {
    this.#connecting = undefined;
    if (this.request.body instanceof RequestBody) stopWriteBuffering(socket);
    this.#sent();
  }

  #sent(): void {
    if (this.#over || this.#phase !== 'connecting') return;
    this.#phase = 'sent';
    this.#sentAt = performance.now();
    this.#bytesBefore = this.#client?.socket?.bytesRead;
    this.#arm(this.#client?.writableFinished === true ? this.request.responseTimeout : 0);
    this.observer.sent();
  }

  #respond(response: IncomingMessage): void {
    if (this.#over) return;
    this.#sent();
    if (!isFinalHead(response.statusCode, response.headers['transfer-encoding'])) {
      const { 'transfer-encoding': coding, 'content-length': length } = response.headers;
      this.refuse(badHead(response.statusCode, coding, length));
      return;
    }
    this.#phase = 'responding';
    this.#response = response;
    joinPieces(response, joinedMessagePush);
    const { 'persistent-auth': persistent, 'www-authenticate': challenge } = response.headers;
    // It may be let in as the client, and must carry no request of another one.
    if (this.request.tie === undefined && answersForConnection(challenge, persistent) && this.#client !== undefined)
      this.#client.shouldKeepAlive = false;
    this.#arm(this.request.idleTimeout);
    this.observer.head(response.statusCode ?? 0, response.statusMessage ?? '', response.rawHeaders);
    response
      .on('data', (chunk: Buffer) => {
        if (this.#over) return;
        this.#progressed = true;
        this.#timer?.refresh();
        if (!this.observer.data(chunk)) response.pause();
      })
      .on('end', () => this.#end(response))
      .on('error', error => this.fail(error));
  }

  #end(response: IncomingMessage): void {
    if (this.#over) return;
    if (!response.complete) {
      this.#failBehindResponse(brokenResponse('the connection ended in the middle of the response'));
      return;
    }
    // The answer came before the end of the request: this connection cannot carry another one.
    if (this.#client?.writableFinished === true) this.#finish();
    else this.#stop();
    this.observer.end(response.rawTrailers);
  }

  #arm(after: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (after === 0) return;
    const timer = setTimeout(() => {
      this.#progressed = false;
      // What came in while the event loop was busy is read before the immediate.
      setImmediate(() => {
        if (this.#over || this.#timer !== timer || this.#progressed) return;
        // A client that does not read is no fault of the backend.
        if (this.#response?.isPaused() === true) timer.refresh();
        else this.#failBehindResponse(tooLate(this.#phase, after));
      });
    }, after).unref();
    this.#timer = timer;
  }

  #stop(): void {
    this.#finish();
    this.#connecting?.destroy();
    // Destroying makes it emit an error once more.
    this.#client?.on('error', () => {}).destroy();
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    if (this.request.body instanceof RequestBody) this.request.body.destroy();
    this.options.onOver?.();
  }
}

/** Has what was parsed of a body told to its listeners. */
function readAll(response: IncomingMessage): void {
  while (response.read() !== null);
}
