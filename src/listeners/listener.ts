import { once } from 'node:events';
import { unlink, stat } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer, type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { TrustedProxies } from '../http/client-address.js';
import type { CertificateMetrics } from '../metrics/certificate-metrics.js';
import type { ConnectionMetrics } from '../metrics/connection-metrics.js';
import { interpose } from '../platform/interpose.js';
import { openFiles } from '../platform/open-files.js';
import type { Http1Channel } from '../proxy/client/http1-channel.js';
import type { Http1Message } from '../proxy/client/http1-message.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import type { ClientErrors } from './client-errors.js';
import { Http1Connections } from './http1/http1-connections.js';
import { Http2Connections, type Http2Options } from './http2/http2-connections.js';
import { PrefaceGate } from './http2/preface-gate.js';
import { ProxyProtocolGate } from './proxy-protocol-gate.js';
import { SlowClients, type ClientPace } from './slow-clients.js';
import { StartError } from './start-error.js';
import type { ListenerTls } from './tls/tls-settings.js';
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
  /** Without `tls`: HTTP/2 with prior knowledge is served as well. */
  readonly h2c: boolean;
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
  readonly errors: Pick<ClientErrors, 'refuse' | 'breakOff'>;
  /** The answer to a request of HTTP/1.x is over; or, not `isWhole`, its connection is gone. */
  readonly over: (socket: Socket, isWhole: boolean) => void;
  readonly streams: Pick<Http2Options, 'handle' | 'head'>;
  readonly trusted: TrustedProxies;
  readonly connections: ConnectionMetrics;
  readonly certificates: CertificateMetrics;
  readonly log: Logger;
}

/** Handles a request of HTTP/1.x after a listener has read its head. */
export type HandleRequest = (message: Http1Message, channel: Http1Channel, listener: ListenerInfo) => void;

/** An address that clients connect to: a server on a port or a unix socket, in clear text or over TLS, with its limits enforced. */
export class Listener implements ListenerInfo {
  readonly name: string;
  readonly scheme: 'http' | 'https';
  readonly unix: boolean;
  port: number | undefined;
  draining = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #settings: ListenerSettings;
  readonly #slowClients: SlowClients;
  readonly #tls: TlsTermination | undefined;
  readonly #http1: Http1Connections;
  readonly #http2: Http2Connections | undefined;

  /** `maxHead`: the most bytes of request line and header fields that are read. */
  constructor(settings: ListenerSettings, maxHead: number, handle: HandleRequest, services: ListenerServices) {
    this.#settings = settings;
    this.name = settings.name;
    this.unix = settings.unix !== undefined;
    this.scheme = settings.tls === undefined ? 'http' : 'https';
    const { limits } = settings;
    const { errors, over } = services;
    this.#tls = terminationOf(settings, services);
    this.#slowClients = new SlowClients(limits, this.#sockets);
    this.#http1 = new Http1Connections(
      limits,
      { maxHead },
      {
        begin: (message, channel) => handle(message, channel, this),
        over,
        broken: (trouble, connection, isBetween) => {
          if (!isBetween) return errors.breakOff(trouble, connection.socket);
          errors.refuse(trouble, connection.socket, this);
          connection.linger();
        },
      },
    );
    if (this.#tls === undefined ? settings.h2c : settings.http2)
      this.#http2 = new Http2Connections({ listener: this, limits, ...services.streams });
    const server = (this.#server = this.#createServer());
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
    server
      .on('connection', socket => this.#keep(socket))
      .on('drop', () => services.connections.refused(this.name, 'limit'));
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
    this.#server.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** The server, which hands over each connection when its first byte of HTTP may be read. */
  #createServer(): Server {
    const tls = this.#tls;
    if (tls === undefined) {
      const server = createServer({ allowHalfOpen: true, noDelay: true });
      const http2 = this.#http2;
      if (http2 === undefined) return server.on('connection', socket => this.#http1.take(socket));
      const gate = new PrefaceGate(this.#settings.limits.headerTimeout);
      return server.on('connection', socket =>
        gate.admit(socket, spoken => {
          if (spoken === 'http1') return this.#http1.take(socket);
          // As over TLS: a client of HTTP/2 that closes its side has gone.
          socket.allowHalfOpen = false;
          http2.take(socket);
        }),
      );
    }
    const server = createSecureServer({ noDelay: true, ...tls.serverOptions });
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2' && this.#http2 !== undefined) return this.#http2.take(socket);
      // Not before: a client that leaves within its handshake, or speaks HTTP/2, has gone.
      socket.allowHalfOpen = true;
      this.#http1.take(socket);
    });
    tls.attach(server, (socket, below) => {
      this.#sockets.delete(below);
      this.#keep(socket);
    });
    return server;
  }

  /** Cuts every connection. */
  close(): void {
    this.draining = true;
    this.#slowClients.stop();
    this.#tls?.stop();
    this.#http1.close();
    this.#http2?.close();
    this.#server.close();
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
