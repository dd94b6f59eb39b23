import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher, Pool } from 'undici';
import { answersForConnection } from '../../http/connection-auth.js';
import type { Backend } from '../../upstream/backend.js';
import type { BackendPools, ConnectionState, ConnectionUser } from './backend-pools.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest, Forwarder } from './forwarder.js';
import { Deadlines, type Timed } from './deadlines.js';
import { refusesWrites } from './last-words.js';
import { badResponse, isFinalHead, isStale, networkError, type Phase } from './network-error.js';
import { NodeCarrier } from './node-carrier.js';
import { takeOneAtATime } from './one-at-a-time.js';
import { RequestBody } from '../client/request-body.js';

/**
 * The default forwarder: undici's `Pool.dispatch`, one pool for each backend.
 *
 * undici cannot give a request a connection beside those of its pool or one of its own, cannot send `Expect: 100-continue`, request trailers, `OPTIONS *` or a `Connection` that names `TE`, and
 * holds a request head back until the first byte of the body; upgrades, requests for event streams, tied requests, and requests with an expectation, with `TE: trailers`, with a chunked body
 * or with the target `*`, are therefore carried by `node:http` over connections of its own ({@link NodeCarrier}).
 */
export class UndiciForwarder implements Forwarder {
  readonly #carrier: NodeCarrier;
  readonly #deadlines = new Deadlines();

  constructor(private readonly pools: BackendPools) {
    this.#carrier = new NodeCarrier(pools);
  }

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    const { body } = request;
    const { acceptsTrailers, expectsContinue, ownConnection, path, tie, upgrade } = request;
    const isPlain =
      upgrade === undefined &&
      ownConnection !== true &&
      tie === undefined &&
      !expectsContinue &&
      acceptsTrailers !== true &&
      path !== '*';
    if (!isPlain || (body instanceof RequestBody && body.length === undefined)) {
      return this.#carrier.forward(request, backend, observer);
    }
    const pool = this.pools.pool(backend);
    const attempt = new UndiciAttempt(request, observer, this.#deadlines);
    pool.dispatcher.dispatch(
      {
        path: request.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0,
        // Keeps others from being pipelined behind it, which they never are; else each head costs another look at the queue.
        blocking: false,
        servername: pool.servername,
      } as Dispatcher.DispatchOptions,
      attempt,
    );
    return attempt;
  }

  connections(backend: Backend): ConnectionFigures {
    const { stats } = this.pools.pool(backend).dispatcher as Pool;
    const carried = this.#carrier.connections(backend);
    return {
      active: stats.running + carried.active,
      idle: stats.free + carried.idle,
      pending: stats.queued + stats.pending + carried.pending,
    };
  }

  async close(): Promise<void> {
    await this.pools.close();
  }
}

/** What undici calls being late in each phase. */
const lateCodes: Readonly<Record<Phase, string>> = {
  connecting: 'UND_ERR_CONNECT_TIMEOUT',
  sent: 'UND_ERR_HEADERS_TIMEOUT',
  responding: 'UND_ERR_BODY_TIMEOUT',
};

/** undici's callbacks for one attempt, turned into what an {@link AttemptObserver} wants to hear. */
class UndiciAttempt implements Dispatcher.DispatchHandler, AttemptControl, Timed, ConnectionUser {
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
  /** The connection may be let in as the client, and must carry nobody else's request. */
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
      controller.abort(new Error('aborted'));
      return;
    }
    this.#phase = 'sent';
    this.deadline = 0;
    this.#sentAt = performance.now();
    const { connection } = this;
    if (connection?.socket !== undefined && this.request.body instanceof RequestBody) takeOneAtATime(connection.socket);
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
      this.#fail(badResponse(status, coding, fields['content-length']));
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
    if (broken) return this.observer.fail(networkError(broken, this.#phase), false, this.#isUnsent);
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
  #breakOf(socket: Socket | undefined): Error | undefined {
    if (socket === undefined) return undefined;
    return socket.errored ?? (refusesWrites(socket) ? new Error('reset while the request was sent') : undefined);
  }

  /** The connection has ended, or is to, before all of the body was written. */
  get #isUnsent(): boolean {
    if (this.request.body === undefined || this.#phase === 'connecting') return false;
    const socket = this.connection?.socket;
    return !this.#isSent || (socket !== undefined && refusesWrites(socket));
  }

  // undici asks for the callback of upgrades only when one was requested, which happens nowhere here.
  onRequestUpgrade(): void {
    this.#fail(new Error('bad upgrade'));
  }

  late(): void {
    this.#fail(Object.assign(new Error('no progress in time'), { code: lateCodes[this.#phase] }));
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
    this.#controller?.abort(new Error('aborted'));
  }

  #fail(error: Error): void {
    this.abort();
    this.observer.fail(networkError(error, this.#phase));
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
