import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Backend } from '../upstream/backend.js';
import type { BackendPools } from './backend-pools.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest } from './forwarder.js';
import { networkError, type Phase } from './network-error.js';
import { RequestBody } from './request-body.js';
import { trailerFields } from '../http/response-head.js';

/**
 * Carries what undici cannot: `Expect: 100-continue` end to end, request trailers, `OPTIONS *`, and heads that must be
 * on the wire before the first byte of the body. Slower than undici, so only those requests come here.
 */
export class NodeCarrier {
  #closed = false;

  constructor(private readonly pools: BackendPools) {}

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    try {
      return new CarriedAttempt(request, backend, this.pools, observer);
    } catch (error) {
      // Node checks a request when it is made, and throws for one that it cannot write.
      observer.fail(networkError(error as Error, 'connecting'));
      return { resume: () => {}, abort: () => {} };
    }
  }

  connections(backend: Backend): ConnectionFigures {
    if (this.#closed) return { active: 0, idle: 0, pending: 0 };
    const count = (sockets: NodeJS.ReadOnlyDict<unknown[]>): number =>
      Object.values(sockets).reduce((sum, each) => sum + (each?.length ?? 0), 0);
    const { sockets, freeSockets, requests } = this.pools.agent(backend);
    return { active: count(sockets), idle: count(freeSockets), pending: count(requests) };
  }

  close(): void {
    this.#closed = true;
  }
}

class CarriedAttempt implements AttemptControl {
  readonly #client: ClientRequest;
  #response: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #phase: Phase = 'connecting';
  #over = false;

  constructor(
    private readonly request: ForwardRequest,
    backend: Backend,
    pools: BackendPools,
    private readonly observer: AttemptObserver,
  ) {
    const { body } = request;
    const headers = [...request.headers];
    if (request.expectsContinue) headers.push('Expect', '100-continue');
    if (body instanceof RequestBody && body.length === undefined) headers.push('Transfer-Encoding', 'chunked');
    const { url, socketPath } = backend;
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    this.#client = send({
      agent: pools.agent(backend),
      ...(socketPath === undefined ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port } : { socketPath }),
      method: request.method,
      path: request.path,
      headers,
      setHost: false,
      maxHeaderSize: 64 * 1024,
    });
    this.#arm(pools.settings.connectTimeout, 'UND_ERR_CONNECT_TIMEOUT');
    this.#client
      .on('socket', socket => {
        if (!socket.connecting) this.#sent();
        else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => this.#sent());
      })
      .on('finish', () => {
        if (this.#phase === 'sent') this.#arm(request.responseTimeout, 'UND_ERR_HEADERS_TIMEOUT');
      })
      .on('continue', () => {
        if (!this.#over) observer.informational(100, []);
      })
      .on('information', information => {
        if (!this.#over) observer.informational(information.statusCode, information.rawHeaders);
      })
      .on('response', response => this.#respond(response))
      // Not asked for: an answer of 101 here is a backend that does not keep to the protocol.
      .on('upgrade', (_, socket) => {
        socket.destroy();
        this.#fail(new Error('bad upgrade'));
      })
      .on('error', error => this.#fail(error));
    this.#client.flushHeaders();
    if (body instanceof RequestBody) this.#send(body);
    else this.#client.end(body);
  }

  resume(): void {
    this.#response?.resume();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop();
  }

  #send(body: RequestBody): void {
    body
      .on('data', (chunk: Buffer) => {
        if (!this.#client.write(chunk)) body.pause();
      })
      .on('end', () => {
        const trailers = trailerFields(body.trailers);
        const pairs: [string, string][] = [];
        for (let i = 0; i < trailers.length; i += 2) pairs.push([trailers[i]!, trailers[i + 1]!]);
        if (pairs.length > 0) this.#client.addTrailers(pairs);
        this.#client.end();
      })
      .on('error', error => this.#fail(error));
    this.#client.on('drain', () => body.resume());
  }

  #sent(): void {
    if (this.#over || this.#phase !== 'connecting') return;
    this.#phase = 'sent';
    clearTimeout(this.#timer);
    if (this.#client.writableFinished) this.#arm(this.request.responseTimeout, 'UND_ERR_HEADERS_TIMEOUT');
    this.observer.sent();
  }

  #respond(response: IncomingMessage): void {
    if (this.#over) return;
    this.#sent();
    this.#phase = 'responding';
    this.#response = response;
    const { idleTimeout } = this.request;
    this.#arm(idleTimeout, 'UND_ERR_BODY_TIMEOUT');
    this.observer.head(response.statusCode ?? 0, response.statusMessage ?? '', response.rawHeaders);
    response
      .on('data', (chunk: Buffer) => {
        if (this.#over) return;
        this.#timer?.refresh();
        if (!this.observer.data(chunk)) response.pause();
      })
      .on('end', () => {
        if (this.#over) return;
        if (!response.complete) {
          this.#fail(new Error('aborted'));
          return;
        }
        this.#over = true;
        clearTimeout(this.#timer);
        // The answer came before the end of the request: this connection cannot carry another one.
        if (!this.#client.writableFinished) this.#client.destroy();
        this.#dropBody();
        this.observer.end(response.rawTrailers);
      })
      .on('error', error => this.#fail(error));
  }

  #arm(after: number, code: string): void {
    clearTimeout(this.#timer);
    if (after === 0) return;
    this.#timer = setTimeout(() => {
      // A client that does not read is no fault of the backend.
      if (this.#phase === 'responding' && this.#response?.isPaused() === true) this.#timer?.refresh();
      else this.#fail(Object.assign(new Error(`no progress for ${after} ms`), { code }));
    }, after).unref();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop();
    this.observer.fail(networkError(error, this.#phase));
  }

  #dropBody(): void {
    if (this.request.body instanceof RequestBody) this.request.body.destroy();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    // Destroying makes it emit an error once more.
    this.#client.on('error', () => {}).destroy();
    this.#dropBody();
  }
}
