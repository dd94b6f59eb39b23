import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { unlink, stat } from 'node:fs/promises';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { TrustedProxies } from '../http/client-address.js';
import type { CertificateMetrics } from '../metrics/certificate-metrics.js';
import type { ConnectionMetrics } from '../metrics/connection-metrics.js';
import { openFiles } from '../platform/open-files.js';
import { stopAccepting } from '../platform/stop-accepting.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import type { Upgrades } from '../proxy/upgrades.js';
import type { ClientErrors } from './client-errors.js';
import { createHttpServer } from './http-server.js';
import { Http2Connections, type Http2Options } from './http2/http2-connections.js';
import { interpose } from '../platform/interpose.js';
import { ProxyProtocolGate } from './proxy-protocol-gate.js';
import { SlowClients, type ClientPace } from './slow-clients.js';
import type { ListenerTls } from './tls/tls-settings.js';
import { StartError } from './start-error.js';
import { TlsTermination } from './tls/tls-termination.js';

/**
 * Connections that may wait to be accepted; the limit of the system may be lower. Node accepts one in each turn of its event
 * loop, and a client whose connection is dropped tries again only after a second.
 */
const backlog = 4096;

/** One entry of `listeners`. Times in milliseconds, 0 = off. */
export interface ListenerSettings {
  readonly name: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly unix?: string | undefined;
  readonly proxyProtocol: boolean;
  /** See `trustUnknown` of the configuration. */
  readonly trustUnknown: boolean;
  readonly http2: boolean;
  readonly tls?: ListenerTls | undefined;
  readonly limits: {
    readonly connections: number;
    readonly headerTimeout: number;
    readonly requestTimeout: number;
    readonly keepAliveTimeout: number;
    readonly requestsPerConnection: number;
    /** Bytes a second. */
    readonly minBodyRate: number;
    readonly writeTimeout: number;
    readonly bodyGrace?: ClientPace['bodyGrace'];
  };
}

/** What all listeners of a gateway share. */
export interface ListenerServices {
  readonly errors: ClientErrors;
  readonly streams: Pick<Http2Options, 'handle' | 'head'>;
  readonly upgrades: Pick<Upgrades, 'offer' | 'take'>;
  readonly trusted: TrustedProxies;
  readonly connections: ConnectionMetrics;
  readonly certificates: CertificateMetrics;
  readonly log: Logger;
}

/** Handles a request after a listener has read its head. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  listener: ListenerInfo,
  expectsContinue: boolean,
) => void;

/** An address that clients connect to: a server on a port or a unix socket, in clear text or over TLS, with its limits enforced. */
export class Listener implements ListenerInfo {
  readonly name: string;
  readonly scheme: 'http' | 'https';
  readonly unix: boolean;
  port: number | undefined;
  draining = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #requests = new WeakMap<Socket, number>();
  readonly #settings: ListenerSettings;
  readonly #slowClients: SlowClients;
  readonly #tls: TlsTermination | undefined;
  readonly #http2: Http2Connections | undefined;

  /** `maxHead`: the most bytes of request line and header fields that the parser accepts. */
  constructor(settings: ListenerSettings, maxHead: number, handle: RequestHandler, services: ListenerServices) {
    const { errors } = services;
    this.#settings = settings;
    this.name = settings.name;
    this.unix = settings.unix !== undefined;
    this.scheme = settings.tls === undefined ? 'http' : 'https';
    const { limits } = settings;
    this.#tls = terminationOf(settings, services);
    this.#slowClients = new SlowClients(limits, this.#sockets);
    this.#server = createHttpServer(
      {
        maxHeaderSize: maxHead,
        // The gateway refuses missing and repeated Host fields itself, with its own answer and log line.
        requireHostHeader: false,
        // Node accepts no value above the limit of the whole request.
        headersTimeout: headTimeout(limits),
        requestTimeout: limits.requestTimeout,
        keepAliveTimeout: limits.keepAliveTimeout,
        connectionsCheckingInterval: checkingInterval(limits.headerTimeout, limits.requestTimeout),
        noDelay: true,
        shouldUpgradeCallback: request => services.upgrades.offer(request, this) !== undefined,
      },
      this.#tls?.serverOptions,
    );
    const server = this.#server;
    // The gateway counts fields and refuses too many; Node's own limit would drop them silently.
    server.maxHeadersCount = 0;
    server.maxConnections = limits.connections;
    if (settings.proxyProtocol) {
      const gate = new ProxyProtocolGate({
        listener: this.name,
        unix: this.unix,
        timeout: limits.headerTimeout,
        trusted: services.trusted,
        trustUnknown: settings.trustUnknown,
        metrics: services.connections,
        log: services.log,
      });
      interpose(server, 'connection', (socket, proceed) => gate.admit(socket, proceed));
    }
    if (server instanceof TlsServer) {
      if (settings.http2) {
        const http2 = (this.#http2 = new Http2Connections({ listener: this, limits, ...services.streams }));
        interpose<TLSSocket>(server, 'secureConnection', (socket, proceed) =>
          socket.alpnProtocol === 'h2' ? http2.take(socket) : proceed(),
        );
      }
      this.#tls?.attach(server, (socket, below) => {
        this.#sockets.delete(below);
        this.#keep(socket);
      });
    }
    server
      .on('connection', socket => this.#keep(socket))
      .on('drop', () => services.connections.refused(this.name, 'limit'))
      .on('request', (request, response) => this.#counts(request, response) && handle(request, response, this, false))
      .on(
        'checkContinue',
        (request, response) => this.#counts(request, response) && handle(request, response, this, true),
      )
      .on('checkExpectation', (request, response) => errors.expectation(request, response, this))
      .on('connect', (request, socket) => errors.connect(request, socket as Socket, this))
      .on('upgrade', (request, socket, head) => services.upgrades.take(request, socket as Socket, head, this))
      .on('clientError', (error, socket) => errors.broken(error, socket as Socket, this));
    // Runs before all other listeners, so that a refused connection costs nothing more.
    interpose(server, 'connection', (socket, proceed) => {
      if (openFiles.take('clients')) {
        openFiles.giveWhenClosed('clients', socket);
        return proceed();
      }
      services.connections.refused(this.name, 'descriptors');
      socket.destroy();
    });
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The sockets of those connections; the TLS socket once TLS has begun. */
  get sockets(): Iterable<Socket> {
    return this.#sockets;
  }

  /** The address for clients: `http://127.0.0.1:8080` or `unix:/run/gatehouse.sock`. */
  get url(): string {
    const { host, unix } = this.#settings;
    return unix === undefined ? `${this.scheme}://${authority(host, this.port)}` : `unix:${unix}`;
  }

  /** Starts listening. Rejects with a {@link StartError}: an address or a certificate cannot be used. */
  async listen(): Promise<void> {
    const { host, port, unix } = this.#settings;
    const what = `listener "${this.name}": cannot listen on ${unix ?? authority(host, port)}`;
    await this.#listen().catch(StartError.rethrow(what, unix));
  }

  async #listen(): Promise<void> {
    const { host, port, unix } = this.#settings;
    await this.#tls?.start();
    if (unix === undefined) this.#server.listen({ host, port: port ?? 0, backlog });
    else {
      await removeStaleSocket(unix);
      this.#server.listen({ path: unix, backlog });
    }
    await once(this.#server, 'listening');
    this.#slowClients.watch();
    if (unix === undefined) this.port = (this.#server.address() as AddressInfo).port;
  }

  /**
   * Accepts no new connections. Open ones are kept: the next answer on each has `Connection: close`, so that a request that is
   * on its way is still answered.
   */
  drain(): void {
    this.draining = true;
    this.#http2?.drain();
    stopAccepting(this.#server);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /**
   * Counts a request of a connection; the answer to the last request that is allowed ends the connection. False: the request
   * was pipelined after the last one. Node's own `maxRequestsPerSocket` also sends `Connection: close`, but keeps the
   * connection open and then answers 503.
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
    this.#slowClients.stop();
    this.#tls?.stop();
    this.#http2?.close();
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** A host and a port in the form of URLs. */
export function authority(host: string, port: number | undefined): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function terminationOf(settings: ListenerSettings, services: ListenerServices): TlsTermination | undefined {
  const { http2, limits, name, proxyProtocol, tls, unix } = settings;
  return (
    tls &&
    new TlsTermination({
      listener: name,
      unix: unix !== undefined,
      http2,
      tls,
      handshakeTimeout: limits.headerTimeout,
      proxyProtocol,
      metrics: services.connections,
      certificates: services.certificates,
      log: services.log,
    })
  );
}

function headTimeout({ headerTimeout, requestTimeout }: ListenerSettings['limits']): number {
  return requestTimeout > 0 && (headerTimeout === 0 || headerTimeout > requestTimeout) ? requestTimeout : headerTimeout;
}

/** How often Node looks for expired requests, in milliseconds: a limit is exceeded by at most a tenth. */
function checkingInterval(...timeouts: readonly number[]): number {
  const shortest = Math.min(...timeouts.filter(timeout => timeout > 0), 10_000);
  return Math.max(50, Math.min(1_000, shortest / 10));
}

/** Removes a socket file that a crashed process has left behind, and that would block the address for ever. */
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
