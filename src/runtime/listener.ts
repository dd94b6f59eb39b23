import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { unlink, stat } from 'node:fs/promises';
import type { ListenerInfo } from '../proxy/listener-info.js';
import type { ClientErrors } from './client-errors.js';

/** One entry of `listeners`. Times in milliseconds, 0 = off. */
export interface ListenerSettings {
  readonly name: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly unix?: string | undefined;
  readonly limits: {
    readonly connections: number;
    readonly headerTimeout: number;
    readonly requestTimeout: number;
    readonly keepAliveTimeout: number;
    readonly requestsPerConnection: number;
  };
}

/** Takes a request that a listener has read the head of. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  listener: ListenerInfo,
  expectsContinue: boolean,
) => void;

/** An address that clients connect to: a plain HTTP/1.x server on a port or a unix socket, with its limits enforced. */
export class Listener implements ListenerInfo {
  readonly name: string;
  readonly scheme = 'http';
  readonly unix: boolean;
  port: number | undefined;
  draining = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #requests = new WeakMap<Socket, number>();
  readonly #settings: ListenerSettings;

  /** `maxHead`: bytes of request line and header fields that the parser takes at most. */
  constructor(settings: ListenerSettings, maxHead: number, handle: RequestHandler, errors: ClientErrors) {
    this.#settings = settings;
    this.name = settings.name;
    this.unix = settings.unix !== undefined;
    const { limits } = settings;
    this.#server = createServer({
      maxHeaderSize: maxHead,
      // Missing and doubled Host fields are refused with an answer and a log line of our own.
      requireHostHeader: false,
      headersTimeout: limits.headerTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: limits.keepAliveTimeout,
      connectionsCheckingInterval: checkingInterval(limits.headerTimeout, limits.requestTimeout),
      noDelay: true,
    });
    const server = this.#server;
    // More fields than the limit are counted and refused; Node's own limit would silently drop them.
    server.maxHeadersCount = 0;
    server.maxConnections = limits.connections;
    server
      .on('connection', socket => {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
      })
      .on('request', (request, response) => this.#counts(request, response) && handle(request, response, this, false))
      .on(
        'checkContinue',
        (request, response) => this.#counts(request, response) && handle(request, response, this, true),
      )
      .on('checkExpectation', (request, response) => errors.expectation(request, response, this))
      .on('connect', (request, socket) => errors.connect(request, socket as Socket, this))
      .on('clientError', (error, socket) => errors.broken(error, socket as Socket, this));
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The sockets of those connections. */
  get sockets(): Iterable<Socket> {
    return this.#sockets;
  }

  /** Where clients reach it: `http://127.0.0.1:8080` or `unix:/run/gatehouse.sock`. */
  get url(): string {
    const { host, unix } = this.#settings;
    if (unix !== undefined) return `unix:${unix}`;
    return `${this.scheme}://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** What to say when it cannot listen. */
  get failure(): string {
    const { host, port, unix } = this.#settings;
    return `listener "${this.name}": cannot listen on ${unix ?? `${host}:${port}`}`;
  }

  /** Starts listening. Rejects with the system's error (`EADDRINUSE`, `EACCES` …). */
  async listen(): Promise<void> {
    const { host, port, unix } = this.#settings;
    if (unix === undefined) this.#server.listen({ host, port: port ?? 0 });
    else {
      await removeStaleSocket(unix);
      this.#server.listen({ path: unix });
    }
    await once(this.#server, 'listening');
    if (unix === undefined) this.port = (this.#server.address() as AddressInfo).port;
  }

  /**
   * Takes no new connection any more. The open ones are kept: the next answer on each says `Connection: close`, so that
   * a request that is on its way at this moment is still answered.
   */
  drain(): void {
    this.draining = true;
    NetServer.prototype.close.call(this.#server);
  }

  /**
   * Counts a request of its connection; the last that is allowed ends it. False: it was pipelined behind that one. Node's own
   * `maxRequestsPerSocket` says `Connection: close` as well, but keeps the connection open and answers 503 from then on.
   */
  #counts(request: IncomingMessage, response: ServerResponse): boolean {
    const { requestsPerConnection } = this.#settings.limits;
    if (requestsPerConnection === 0) return true;
    const count = (this.#requests.get(request.socket) ?? 0) + 1;
    this.#requests.set(request.socket, count);
    if (count === requestsPerConnection) response.shouldKeepAlive = false;
    if (count > requestsPerConnection) request.resume();
    return count <= requestsPerConnection;
  }

  /** Cuts every connection. */
  close(): void {
    this.draining = true;
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Node looks for expired requests every so often: often enough that a limit is late by a tenth of itself at most. */
function checkingInterval(...timeouts: readonly number[]): number {
  const shortest = Math.min(...timeouts.filter(timeout => timeout > 0), 10_000);
  return Math.max(50, Math.min(1_000, shortest / 10));
}

/** A socket file that a crashed process left behind would block the address for ever. */
async function removeStaleSocket(path: string): Promise<void> {
  const file = await stat(path).catch(() => undefined);
  if (file?.isSocket() !== true) return;
  const { connect } = await import('node:net');
  const alive = await new Promise<boolean>(resolve => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
  if (!alive) await unlink(path);
}
