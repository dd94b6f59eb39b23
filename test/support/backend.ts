import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { closeLater } from './cleanup.js';
import { type HeaderList, valueOf } from './header-list.js';
import { eventually, patience } from './poll.js';

/** A request as a backend saw it. Body fields fill up while the body arrives; `complete` says when they are whole. */
export class RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: HeaderList;
  /** Milliseconds on the clock of `performance.now()`, when the head had arrived. */
  readonly at = performance.now();
  /** Body bytes so far. */
  bodyLength = 0;
  /** True: the whole body and its trailers have arrived. Stays false when the sender broke off. */
  complete = false;
  /** Trailers as on the wire, once complete. */
  rawTrailers: HeaderList = [];
  readonly #chunks: Buffer[] = [];
  readonly #hash = createHash('sha256');

  constructor(
    request: http.IncomingMessage,
    /** Which connection of this backend it came on: 1 for the first. */
    readonly connection: number,
    private readonly keep: number,
  ) {
    this.method = request.method ?? '';
    this.url = request.url ?? '';
    this.httpVersion = request.httpVersion;
    this.rawHeaders = request.rawHeaders;
  }

  /** The first value of a header; undefined when it was not sent. */
  header(name: string): string | undefined {
    return valueOf(this.rawHeaders, name);
  }

  /** The body so far: at most its first `keepBody` bytes. */
  get body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.body.toString();
  }

  /** SHA-256 of all body bytes so far, in hex. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Takes in one more piece of the body. */
  add(chunk: Buffer): void {
    if (this.bodyLength < this.keep) this.#chunks.push(chunk.subarray(0, this.keep - this.bodyLength));
    this.bodyLength += chunk.length;
    this.#hash.update(chunk);
  }
}

/** Answers one request. `record` is what is known of it so far; a handler that wants the body awaits `bodyOf(request)`. */
export type BackendHandler = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  record: RecordedRequest,
) => unknown;

/** How a test backend listens and what it keeps. */
export interface BackendOptions {
  /** Port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number;
  /** Listen on this unix socket instead. */
  readonly socketPath?: string;
  /** Serve TLS: at least `key` and `cert` (see `certificate.ts`). */
  readonly tls?: https.ServerOptions;
  /** Options of the node:http server, such as `maxHeaderSize`. Default: no timeouts, heads up to 256 KiB. */
  readonly server?: http.ServerOptions;
  /** Body bytes kept of each request; all are counted and hashed. Default 16 MiB. */
  readonly keepBody?: number;
  /** False: the body is left unread and unrecorded, for tests of back-pressure. Default true. */
  readonly readBody?: boolean;
  /** Takes upgrades; without it they are requests like any other. The socket is destroyed on close. */
  readonly onUpgrade?: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => unknown;
}

/** What a default test backend answers: the request as it arrived, as JSON. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: string[];
  readonly trailers: string[];
  readonly bodyLength: number;
  readonly sha256: string;
}

/** The default handler: waits for the whole request and answers 200 with an `Echo`. */
export async function echo(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  record: RecordedRequest,
): Promise<void> {
  await bodyOf(request);
  const answer: Echo = {
    method: record.method,
    url: record.url,
    headers: [...record.rawHeaders],
    trailers: [...record.rawTrailers],
    bodyLength: record.bodyLength,
    sha256: record.sha256,
  };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
}

/** Waits until a request that is being read has ended. Rejects when the sender breaks off. */
export async function bodyOf(request: http.IncomingMessage): Promise<void> {
  if (!request.complete) await once(request, 'end');
}

/** A handler that answers every request alike. Headers may be a raw list. */
export function answer(status: number, body: string | Buffer = '', headers: string[] = []): BackendHandler {
  return (_request, response) => response.writeHead(status, headers).end(body);
}

/** A real node:http server on loopback that records what it gets. Closed when the test has finished. */
export class TestBackend {
  /** Every request, in order of their heads. */
  readonly requests: RecordedRequest[] = [];
  /** Connections accepted so far. */
  connections = 0;
  /** What the handler or the server threw; a test that expects none can look here. */
  readonly errors: unknown[] = [];
  /** Answers from now on; may be replaced at any time. */
  handler: BackendHandler;
  readonly #server: http.Server;
  readonly #numbers = new WeakMap<object, number>();
  readonly #open = new Set<Duplex>();

  constructor(
    handler: BackendHandler,
    private readonly options: BackendOptions,
  ) {
    this.handler = handler;
    const settings = {
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: 0,
      maxHeaderSize: 256 * 1024,
      ...options.server,
    };
    this.#server = options.tls ? https.createServer({ ...settings, ...options.tls }) : http.createServer(settings);
    this.#server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#accept(socket));
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    const { onUpgrade } = options;
    if (onUpgrade) {
      this.#server.on('upgrade', (request, socket, head) => {
        this.requests.push(new RecordedRequest(request, this.#numbers.get(socket) ?? 0, 0));
        onUpgrade(request, socket, head);
      });
    }
    this.#server.on('clientError', (error, socket) => {
      this.errors.push(error);
      socket.destroy();
    });
  }

  /** The port; 0 on a unix socket. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** What a configuration names it by: `http://127.0.0.1:port`, `https://…` or `unix:/path`. */
  get url(): string {
    if (this.options.socketPath !== undefined) return `unix:${this.options.socketPath}`;
    return `${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Connections open now. */
  get openConnections(): number {
    return this.#open.size;
  }

  /** The last request. @throws Error when there was none. */
  get last(): RecordedRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error('the backend got no request');
    return last;
  }

  /** Waits until `count` requests have arrived whole; gives them. */
  async received(count = 1, deadline = patience): Promise<RecordedRequest[]> {
    const what = `${count} whole requests at the backend`;
    return eventually(() => (this.requests.filter(one => one.complete).length >= count ? this.requests : false), {
      deadline,
      what,
    });
  }

  async listen(): Promise<void> {
    const { socketPath, port = 0 } = this.options;
    this.#server.listen(socketPath === undefined ? { port, host: '127.0.0.1' } : { path: socketPath });
    await once(this.#server, 'listening');
  }

  /** Stops listening and destroys every connection, tunnels included. May be called twice. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  /** Takes a connection that another port has accepted. Not for TLS. */
  adopt(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#numbers.set(socket, this.connections);
    this.#open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#open.delete(socket));
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { keepBody = 16 * 1024 * 1024, readBody = true } = this.options;
    const record = new RecordedRequest(request, this.#numbers.get(request.socket) ?? 0, keepBody);
    this.requests.push(record);
    if (readBody) {
      request.on('data', (chunk: Buffer) => record.add(chunk));
      request.on('end', () => {
        record.complete = request.complete;
        record.rawTrailers = request.rawTrailers;
      });
    }
    request.on('error', () => undefined);
    try {
      await this.handler(request, response, record);
    } catch (error) {
      // A client that went away is not the handler's fault; anything else must not look like a healthy backend.
      if (!request.destroyed || request.complete) this.errors.push(error);
      response.destroy();
    }
  }
}

/** Starts a test backend and waits until it listens. Default handler: `echo`. */
export async function startBackend(handler: BackendHandler = echo, options: BackendOptions = {}): Promise<TestBackend> {
  const backend = new TestBackend(handler, options);
  await backend.listen();
  closeLater(() => backend.close());
  return backend;
}

/**
 * A port of 127.0.0.1 at which connections are refused. It lies below those that the system gives out (32768 and up on Linux), so no other server
 * is given it while the test runs.
 */
export async function refusedPort(): Promise<number> {
  for (;;) {
    const server = http.createServer().listen(20_000 + Math.floor(Math.random() * 10_000), '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }
}
