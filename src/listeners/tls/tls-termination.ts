import type { Socket } from 'node:net';
import { createServer, type Server as TlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { UNIX_PEER } from '../../http/client-address.js';
import type { CertificateMetrics } from '../../metrics/certificate-metrics.js';
import type { ConnectionMetrics, ConnectionRefusal } from '../../metrics/connection-metrics.js';
import { introduce, introductionOf, type ClientCertificate } from '../../proxy/client/client-connection.js';
import { describeCertificate } from './client-certificate.js';
import { FileWatch, type WatchTimes } from '../../platform/file-watch.js';
import { carrierOf } from '../../platform/tls-carrier.js';
import { TlsCertificates } from './tls-certificates.js';
import { handshakeFailure } from './tls-failure.js';
import type { TicketSecret } from './ticket-secret.js';
import type { ListenerTls } from './tls-settings.js';

/** Options of the TLS of a listener. */
interface TlsTerminationOptions {
  readonly listener: string;
  readonly unix: boolean;
  readonly http2: boolean;
  readonly tls: ListenerTls;
  /** Milliseconds within which a handshake must end; 0 = two minutes. */
  readonly handshakeTimeout: number;
  /** Connections carry a PROXY protocol header. */
  readonly proxyProtocol: boolean;
  /** Called for each handshake that has succeeded, with the TLS socket and the socket below, which it replaces from now on. */
  readonly secured: (socket: TLSSocket, below: Socket) => void;
  readonly metrics: ConnectionMetrics;
  readonly certificates: CertificateMetrics;
  readonly tickets: Pick<TicketSecret, 'keysFor' | 'onReplaced'>;
  readonly log: Logger;
  /** Another thread writes the lines about the files. */
  readonly isQuiet: boolean;
  readonly watch?: WatchTimes | undefined;
}

const longestHandshake = 120_000;

/** The protocols that ALPN offers (RFC 7301), the preferred one first. A client that knows none of them is refused. */
function alpnProtocols(http2: boolean): string[] {
  return http2 ? ['h2', 'http/1.1'] : ['http/1.1'];
}

/** The TLS of a listener: certificates by name, swapped while it runs, and the certificates of clients. */
export class TlsTermination {
  readonly #options: TlsTerminationOptions;
  readonly #certificates: TlsCertificates;
  readonly #watch: FileWatch;
  /** Does not listen: it is given connections. */
  readonly #server: TlsServer;
  #reported: readonly string[] = [];
  #keepKeys: (() => void) | undefined;
  #removeMetrics: (() => void) | undefined;

  constructor(options: TlsTerminationOptions) {
    this.#options = options;
    this.#certificates = new TlsCertificates(options.tls);
    this.#watch = new FileWatch(this.#certificates.files, last => this.#reload(last), options.watch);
    this.#server = createServer(this.#serverOptions)
      .on('secureConnection', socket => this.#secured(socket))
      .on('tlsClientError', (error, socket) => {
        const invalid: unknown = socket.authorizationError;
        this.#refused(socket, handshakeFailure(error, invalid), String(invalid ?? error.message));
        socket.destroy();
      });
  }

  /** Begins the handshake of a connection. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** {@link load} adds the certificates. */
  get #serverOptions(): TlsOptions {
    const { handshakeTimeout, http2, tls } = this.#options;
    return {
      ALPNProtocols: alpnProtocols(http2),
      handshakeTimeout: handshakeTimeout === 0 ? longestHandshake : handshakeTimeout,
      requestCert: tls.clientAuth !== undefined,
      // In the mode `optional`, `#admit` refuses invalid certificates: OpenSSL would also refuse clients without one.
      rejectUnauthorized: tls.clientAuth?.mode === 'require',
      SNICallback: (serverName, answer) => answer(null, this.#certificates.contextFor(serverName)),
    };
  }

  /** Loads the certificates and watches their files. Rejects, in one line, when one cannot be used. */
  async load(): Promise<void> {
    this.#certificates.load();
    this.#useCertificates();
    await this.#watch.start();
  }

  /** Its certificates are served from now on, until {@link stop}: says when they expire. */
  begin(): void {
    const { certificates, isQuiet, listener, log, tickets } = this.#options;
    const warnings = isQuiet ? [] : this.#certificates.warnings(file => certificates.shows(file));
    for (const warning of warnings) log.warn({ listener }, warning);
    this.#removeMetrics = certificates.addCertificates(() =>
      this.#certificates.expiries.map(expiry => ({ listener, ...expiry })),
    );
    this.#useTickets();
    this.#keepKeys = tickets.onReplaced(() => this.#useTickets());
  }

  /** Throws, in one line, when a file cannot be used now; changes nothing. */
  check(): void {
    new TlsCertificates(this.#options.tls).load();
  }

  /** Reads the files of the certificates again, where they have changed. */
  reload(): void {
    this.#reload(true);
  }

  /** Leaves the certificates as they are: handshakes that come now are the last. */
  stop(): void {
    this.#watch.stop();
    this.#keepKeys?.();
    this.#removeMetrics?.();
    this.#removeMetrics = undefined;
  }

  #useCertificates(): void {
    this.#server.setSecureContext(this.#certificates.defaults);
    this.#useTickets();
  }

  #useTickets(): void {
    this.#server.setTicketKeys(this.#options.tickets.keysFor(this.#certificates.terms));
  }

  #secured(socket: TLSSocket): void {
    const below = carrierOf(socket);
    if (below === undefined || !this.#admit(socket, below)) socket.destroy();
    else this.#options.secured(socket, below);
  }

  /** Whether a client that has finished its handshake may go on. */
  #admit(socket: TLSSocket, below: Socket): boolean {
    const { proxyProtocol, tls } = this.#options;
    const before = introductionOf(below);
    // No client may be mistaken for the proxy: without the result of the PROXY header, the connection cannot be used.
    if (proxyProtocol && before === undefined) return false;
    let certificate: ClientCertificate | undefined;
    if (tls.clientAuth !== undefined) {
      const shown = socket.getPeerX509Certificate();
      certificate = shown && socket.authorized ? describeCertificate(shown) : undefined;
      if (certificate === undefined && (shown !== undefined || tls.clientAuth.mode === 'require')) {
        this.#refused(socket, 'tls-client-certificate', String(socket.authorizationError ?? 'the subject is too long'));
        return false;
      }
    }
    if (before !== undefined || certificate !== undefined) {
      introduce(socket, { ...before, peer: before?.peer, prelude: 0, certificate });
    }
    return true;
  }

  #refused(socket: TLSSocket, reason: ConnectionRefusal, detail: string): void {
    const { listener, log, metrics, unix } = this.#options;
    const below = carrierOf(socket) ?? socket;
    const told = introductionOf(below)?.peer;
    const peer = told === undefined ? (unix ? UNIX_PEER : below.remoteAddress) : told.address;
    metrics.refused(listener, reason);
    log.debug({ listener, peer: peer ?? 'unknown', reason, detail }, 'TLS handshake failed');
  }

  #reload(last: boolean): boolean {
    const { isQuiet, listener, log } = this.#options;
    const { changed, failures } = this.#certificates.reload();
    if (changed.length > 0) {
      this.#useCertificates();
      if (!isQuiet) log.info({ listener, files: changed }, 'certificates changed');
    }
    if (failures.length > 0 && !last) return false;
    for (const failure of failures) {
      if (!isQuiet && !this.#reported.includes(failure))
        log.error({ listener }, `${failure}; the one before is still served`);
    }
    this.#reported = failures;
    return true;
  }
}
