import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { TrustedProxies } from '../http/client-address.js';
import { GatewayError } from '../http/gateway-error.js';
import type { CertificateMetrics } from '../metrics/certificate-metrics.js';
import type { ReadingRules } from '../http1/message-reader.js';
import type { ConnectionMetrics } from '../metrics/connection-metrics.js';
import { peerOf } from '../proxy/client/client-connection.js';
import type { Http1Channel } from '../proxy/client/http1-channel.js';
import type { Http1Message } from '../proxy/client/http1-message.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { exchangesOn, type ExchangeSocket } from '../proxy/exchanges.js';
import type { CountSpace } from '../shared-memory/count-table.js';
import type { SharedCounts } from '../shared-memory/shared-counts.js';
import { Acceptor, type Address, type Taker } from './acceptor.js';
import { ClientConnections } from './client-connections.js';
import type { ClientErrors } from './client-errors.js';
import { Http1Connections } from './http1/http1-connections.js';
import { Http2Connections, type Http2Options } from './http2/http2-connections.js';
import { PrefaceGate } from './http2/preface-gate.js';
import { ProxyProtocolGate } from './proxy-protocol-gate.js';
import { SlowClients, type ClientPace } from './slow-clients.js';
import { StartError } from './start-error.js';
import type { TicketSecret } from './tls/ticket-secret.js';
import type { ListenerTls } from './tls/tls-settings.js';
import { TlsTermination } from './tls/tls-termination.js';

/** One entry of `listeners`. Times in milliseconds, 0 = off. */
export interface ListenerSettings extends Address {
  readonly name: string;
  /** Every request is redirected to https at this port. */
  readonly redirectToHttps?: number | undefined;
  readonly proxyProtocol: boolean;
  /** See `trustUnknown` of the configuration. */
  readonly trustUnknown: boolean;
  readonly http2: boolean;
  /** Without `tls`: HTTP/2 with prior knowledge is served as well. */
  readonly h2c: boolean;
  readonly tls?: ListenerTls | undefined;
  readonly limits: {
    readonly connections: number;
    /** 0 = no limit. */
    readonly connectionsPerClient: number;
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
  /** What the keys of TLS session tickets are made of. */
  readonly tickets: TicketSecret;
  readonly log: Logger;
  /** Another thread writes the lines about the files of certificates. */
  readonly isQuiet?: boolean;
  /** Where the connections of all threads are counted; undefined: this thread has them all. */
  readonly counts?: SharedCounts | undefined;
}

/** Handles a request of HTTP/1.x after a listener has read its head. */
export type HandleRequest = (message: Http1Message, channel: Http1Channel, listener: ListenerInfo) => void;

/**
 * Serves what comes on an address that clients connect to, in clear text or over TLS, with its limits enforced. Its settings never change: another
 * listener takes over its address, while it goes on with the connections that it has.
 */
export class Listener implements ListenerInfo, Taker {
  readonly name: string;
  readonly scheme: 'http' | 'https';
  readonly unix: boolean;
  readonly counts: CountSpace | undefined;
  port: number | undefined;
  draining = false;
  /** Called once, when its last connection has closed. */
  whenEmpty: (() => void) | undefined;
  #acceptor: Acceptor | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #metrics: ConnectionMetrics;
  /** Undefined: a client may have any number of connections. */
  readonly #clients: ClientConnections | undefined;
  readonly #slowClients: SlowClients;
  readonly #proxyProtocol: ProxyProtocolGate | undefined;
  readonly #tls: TlsTermination | undefined;
  readonly #preface: PrefaceGate | undefined;
  readonly #http1: Http1Connections;
  readonly #http2: Http2Connections | undefined;

  /** `rules`: what is read of HTTP/1.x; each connection obeys those that hold when it begins. `sharesPort`: other threads listen on its address as well. */
  constructor(
    readonly settings: ListenerSettings,
    rules: ReadingRules,
    handle: HandleRequest,
    services: ListenerServices,
    private readonly sharesPort = false,
  ) {
    this.name = settings.name;
    this.unix = settings.unix !== undefined;
    this.scheme = settings.tls === undefined ? 'http' : 'https';
    this.#metrics = services.connections;
    this.counts = services.counts?.space('listeners.limits.connections');
    const { limits } = settings;
    const { errors, over } = services;
    this.#clients = clientsOf(settings, services);
    this.#proxyProtocol = proxyProtocolOf(settings, services);
    this.#tls = this.#terminationOf(settings, services);
    this.#slowClients = new SlowClients(limits, this.#sockets);
    this.#http1 = new Http1Connections(limits, rules, {
      begin: (message, channel) => handle(message, channel, this),
      over,
      broken: (trouble, connection, isBetween) => {
        if (!isBetween) return errors.breakOff(trouble, connection.socket, limits);
        errors.refuse(trouble, connection.socket, this, limits);
        connection.linger();
      },
    });
    if (this.#tls === undefined ? !settings.h2c : !settings.http2) return;
    this.#http2 = new Http2Connections({ listener: this, limits, ...services.streams });
    if (this.#tls === undefined) this.#preface = new PrefaceGate(limits.headerTimeout);
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  get maxConnections(): number {
    return this.settings.limits.connections;
  }

  /** The sockets of those connections; the TLS socket once TLS has begun. */
  get sockets(): Iterable<Socket> {
    return this.#sockets;
  }

  /** The address for clients: `http://127.0.0.1:8080` or `unix:/run/gatehouse.sock`. */
  get url(): string {
    const { host, port, unix } = this.settings;
    return unix === undefined ? `${this.scheme}://${authority(host, this.port ?? port)}` : `unix:${unix}`;
  }

  /** What accepts its connections, since {@link open}; it may have gone over to another listener. */
  get acceptor(): Acceptor | undefined {
    return this.#acceptor;
  }

  /** Its address is its own: no other listener has taken over. */
  get accepts(): boolean {
    return this.#acceptor?.isFor(this) === true;
  }

  /** Starts listening. Rejects with a {@link StartError}: an address or a certificate cannot be used. */
  async listen(): Promise<void> {
    await this.open(this.acceptorOf());
    this.serve();
  }

  /** A new acceptor for its address. */
  acceptorOf(): Acceptor {
    return new Acceptor(this.settings, this.sharesPort);
  }

  /** Loads its certificates, and opens the acceptor that it is to have unless that is open: connections wait. Rejects as {@link listen} does. */
  async open(acceptor: Acceptor): Promise<void> {
    this.#acceptor = acceptor;
    await this.#orRefuse(async () => {
      await this.#tls?.load();
      if (!acceptor.isOpen) await acceptor.open(this);
    });
    this.port = acceptor.port;
  }

  /** Tries once more to open its acceptor, which could not be opened. Rejects as {@link listen} does. */
  async openAgain(): Promise<void> {
    await this.#orRefuse(async () => this.#acceptor!.open(this));
  }

  /** Rejects as {@link listen} does when the files of its certificates cannot be used, for now or for the next start. */
  async check(): Promise<void> {
    await this.#orRefuse(async () => this.#tls?.check());
  }

  async #orRefuse(act: () => Promise<void>): Promise<void> {
    const { host, port, unix } = this.settings;
    const what = `listener "${this.name}": cannot listen on ${unix ?? authority(host, port)}`;
    await act().catch(StartError.rethrow(what, unix));
  }

  /** Serves what waits at its acceptor, and what comes from now on. */
  serve(): void {
    this.port = this.#acceptor!.port;
    this.#tls?.begin();
    this.#slowClients.watch();
    this.#acceptor!.serve(this);
  }

  /** Looks at once whether the files of its certificates have changed. */
  reloadCertificates(): void {
    this.#tls?.reload();
  }

  take(socket: Socket): void {
    this.#keep(socket);
    // A client that leaves within its handshake has gone.
    if (this.#tls !== undefined) socket.allowHalfOpen = false;
    if (this.#proxyProtocol === undefined) this.#begin(socket);
    else this.#proxyProtocol.admit(socket, () => this.#begin(socket));
  }

  refused(reason: 'limit' | 'descriptors'): void {
    this.#metrics.refused(this.name, reason);
  }

  /**
   * Accepts no new connections. Open ones are kept: the next answer on each has `Connection: close`, so that a request that is
   * on its way is still answered.
   */
  drain(): void {
    this.draining = true;
    this.#http2?.drain();
    this.#acceptor?.release(this);
  }

  /**
   * Has its clients go, while the gateway stays: no new connections, and those that stand end with their next answer, or when they have been without a request for a moment. What
   * is in flight goes on, however long it lasts.
   */
  leave(): void {
    this.#tls?.stop();
    this.dismiss();
    this.#acceptor?.release(this);
  }

  /** Has its clients go, also those that still come: each connection ends with its next answer, or when it has been without a request for a moment. */
  dismiss(): void {
    this.#http1.leave();
    this.#http2?.leave();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size > 0) return;
      const { whenEmpty } = this;
      this.whenEmpty = undefined;
      whenEmpty?.();
    });
  }

  /** The next byte of the connection is the first of TLS or HTTP. */
  #begin(socket: Socket): void {
    if (this.#clients?.admit(socket, peerOf(socket, this)) === false) return;
    if (this.#tls !== undefined) this.#tls.take(socket);
    else if (this.#preface === undefined) this.#http1.take(socket);
    else {
      this.#preface.admit(socket, spoken => {
        if (spoken === 'http1') return this.#http1.take(socket);
        // As over TLS: a client of HTTP/2 that closes its side has gone.
        socket.allowHalfOpen = false;
        this.#http2!.take(socket);
      });
    }
  }

  #secured(socket: TLSSocket, below: Socket): void {
    this.#sockets.delete(below);
    this.#keep(socket);
    if (socket.alpnProtocol === 'h2' && this.#http2 !== undefined) return this.#http2.take(socket);
    // Not before: a client that leaves within its handshake, or speaks HTTP/2, has gone.
    socket.allowHalfOpen = true;
    this.#http1.take(socket);
  }

  #terminationOf(settings: ListenerSettings, services: ListenerServices): TlsTermination | undefined {
    const { http2, limits, name, proxyProtocol, tls, unix } = settings;
    const { certificates, connections: metrics, isQuiet = false, log, tickets } = services;
    return (
      tls &&
      new TlsTermination({
        listener: name,
        unix: unix !== undefined,
        http2,
        tls,
        handshakeTimeout: limits.headerTimeout,
        proxyProtocol,
        secured: (socket, below) => this.#secured(socket, below),
        ...{ certificates, isQuiet, log, metrics, tickets },
      })
    );
  }

  /** Ends every exchange, visibly, and cuts every connection. `why` may be shown to clients. */
  cut(why: string): void {
    for (const socket of this.#sockets) {
      for (const exchange of exchangesOn(socket as ExchangeSocket))
        exchange.fail(new GatewayError('DRAINING', why, 'shutdown.grace is over'));
    }
    this.close();
  }

  /** Cuts every connection. */
  close(): void {
    this.draining = true;
    this.#slowClients.stop();
    this.#tls?.stop();
    this.#http1.close();
    this.#http2?.close();
    this.#acceptor?.release(this);
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** A host and a port in the form of URLs. */
export function authority(host: string, port: number | undefined): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function clientsOf({ name, limits }: ListenerSettings, services: ListenerServices): ClientConnections | undefined {
  const { connectionsPerClient: limit } = limits;
  if (limit === 0) return undefined;
  const counts = services.counts?.space(`listeners.limits.connectionsPerClient ${name}`);
  return new ClientConnections({ listener: name, limit, metrics: services.connections, log: services.log, counts });
}

function proxyProtocolOf(settings: ListenerSettings, services: ListenerServices): ProxyProtocolGate | undefined {
  if (!settings.proxyProtocol) return undefined;
  return new ProxyProtocolGate({
    listener: settings.name,
    unix: settings.unix !== undefined,
    timeout: settings.limits.headerTimeout,
    trusted: services.trusted,
    trustUnknown: settings.trustUnknown,
    metrics: services.connections,
    log: services.log,
  });
}
