import { connect as connectPlain, type OnReadOpts, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { connect as connectSecure, createSecureContext, type SecureContext } from 'node:tls';
import { joinPieces } from '../../http/joined-readable.js';
import type { ReadingRules } from '../../http1/message-reader.js';
import { openFiles } from '../../platform/open-files.js';
import type { Backend } from '../../upstream/backend.js';
import { hostOf, tlsOptions, type BackendTls, type TlsOptions } from '../../upstream/backend-tls.js';
import { ConnectFailure, exhausted, tooLate, unreachable } from './attempt-failure.js';
import { shuttingDown, type Connecting } from './connection-pool.js';
import type { Deadlines } from './deadlines.js';
import { Http1Connection, type ConnectionOwner } from './http1-connection.js';
import { ReadBuffer } from './read-buffer.js';
import { readBehindRefusedWrites } from './refused-writes.js';

/** How connections to the backends of an upstream are opened. */
export interface OpenerSettings {
  /** Milliseconds until a connection, TLS handshake included, must stand. */
  readonly connectTimeout: number;
  /** For `https:` backends. */
  readonly tls: BackendTls | undefined;
  readonly rules: ReadingRules;
}

type Opened = (connection: Http1Connection) => void;
type Failed = (error: Error) => void;

/** Milliseconds after which the system probes a connection on which nothing comes. */
const probeAfter = 60_000;

/** Opens connections to one backend: over TCP, with its addresses tried in turn (RFC 8305), a unix socket, or TLS, whose sessions are resumed (RFC 8446 §2.2). */
export class ConnectionOpener {
  readonly #tls: TlsOptions | undefined;
  /** Made once, when first used: that takes half a millisecond. */
  #context: SecureContext | undefined;
  #session: Buffer | undefined;
  #isClosed = false;

  constructor(
    private readonly backend: Backend,
    private readonly settings: OpenerSettings,
    private readonly deadlines: Deadlines,
  ) {
    if (backend.url.protocol === 'https:') this.#tls = tlsOptions(backend, settings.tls);
  }

  /**
   * Opens a connection. It is ready when it stands, its TLS handshake included, and the backend has not spoken first: what it said would be taken for
   * the answer to the first request. `isStream`: its socket can be read as a stream, as one must be that is to switch its protocol.
   */
  open(owner: ConnectionOwner, isStream: boolean, opened: Opened, failed: Failed): Connecting | undefined {
    if (this.#isClosed) {
      process.nextTick(failed, shuttingDown());
      return undefined;
    }
    if (!openFiles.take('backends')) {
      process.nextTick(failed, new ConnectFailure(exhausted('no descriptor is left for connections to backends')));
      return undefined;
    }
    const opening = new Opening(this.settings, this.deadlines, owner, { opened, failed });
    let socket: Socket;
    try {
      socket = this.#connect(isStream ? undefined : readInto(opening));
    } catch (error) {
      // Node checks certificates and keys when they are used.
      openFiles.give('backends');
      process.nextTick(failed, error);
      return undefined;
    }
    openFiles.giveWhenClosed('backends', socket);
    readBehindRefusedWrites(socket);
    opening.watch(socket, isStream);
    return opening;
  }

  /** Has it open none any more. */
  close(): void {
    this.#isClosed = true;
  }

  #connect(onread: OnReadOpts | undefined): Socket {
    const { socketPath, url } = this.backend;
    const tls = this.#tls;
    const common = { noDelay: true, keepAlive: true, keepAliveInitialDelay: probeAfter, ...(onread && { onread }) };
    if (socketPath !== undefined) return connectPlain({ ...common, path: socketPath });
    const port = Number(url.port || (tls === undefined ? 80 : 443));
    const address = { ...common, host: hostOf(this.backend), port } satisfies TcpSocketConnectOpts;
    if (tls === undefined) return connectPlain(address);
    const secureContext = (this.#context ??= createSecureContext(tls));
    const { rejectUnauthorized, servername } = tls;
    const verified = { rejectUnauthorized, servername, secureContext, session: this.#session };
    const socket = connectSecure({ ...address, ...verified, ALPNProtocols: ['http/1.1'] });
    return socket.on('session', session => (this.#session = session));
  }
}

/**
 * A connection that is being opened, and then hands what comes on its socket to the connection that it has become. It lives as long as the socket,
 * and must not keep what the connection was opened for.
 */
class Opening implements Connecting {
  readonly buffer = new ReadBuffer();
  #socket!: Socket;
  #connection: Http1Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasSpoken = false;
  /** Undefined once one of the two was told, or neither is to be. */
  #outcome: { readonly opened: Opened; readonly failed: Failed } | undefined;

  constructor(
    private readonly settings: OpenerSettings,
    private readonly deadlines: Deadlines,
    private readonly owner: ConnectionOwner,
    outcome: { readonly opened: Opened; readonly failed: Failed },
  ) {
    this.#outcome = outcome;
  }

  watch(socket: Socket, isStream: boolean): void {
    const { connectTimeout } = this.settings;
    this.#socket = socket;
    this.#timer = setTimeout(
      () => this.#fail(new ConnectFailure(tooLate('connecting', connectTimeout))),
      connectTimeout,
    );
    socket
      .once('encrypted' in socket ? 'secureConnect' : 'connect', () => afterOneLook(() => this.#stands(isStream)))
      .on('drain', () => this.#connection?.drained())
      .on('end', () => this.#connection?.ended())
      .on('error', error => (this.#connection === undefined ? this.#fail(error) : this.#connection.lost(error)))
      .on('close', () => this.#closed());
    if (!isStream) return;
    joinPieces(socket);
    socket.on('data', this.#onData);
  }

  read(chunk: Buffer): void {
    if (this.#connection === undefined) this.#hasSpoken = true;
    else this.#connection.read(chunk);
  }

  abandon(): void {
    this.#end();
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => this.read(chunk);

  #stands(isStream: boolean): void {
    const socket = this.#socket;
    if (this.#outcome === undefined || socket.destroyed) return;
    if (this.#hasSpoken) return this.#fail(new ConnectFailure(unreachable('the backend spoke before it was asked')));
    // It has ended, and is about to be closed.
    if (!socket.writable) return this.#fail(closedAtOnce());
    const { opened } = this.#outcome;
    this.#end();
    const connection = new Http1Connection(socket, this.settings.rules, this.owner, isStream ? undefined : this.buffer);
    this.#connection = connection;
    this.deadlines.watch(connection);
    if (isStream) connection.onHandOver = () => this.#handedOver(connection);
    opened(connection);
  }

  #handedOver(connection: Http1Connection): void {
    this.#socket.off('data', this.#onData);
    this.deadlines.forget(connection);
  }

  #closed(): void {
    this.buffer.close();
    const connection = this.#connection;
    if (connection === undefined) return this.#fail(closedAtOnce());
    this.deadlines.forget(connection);
    connection.lost(undefined);
  }

  #fail(error: Error): void {
    const outcome = this.#outcome;
    if (outcome === undefined) return;
    this.#end();
    this.#socket.destroy();
    outcome.failed(error);
  }

  #end(): void {
    this.#outcome = undefined;
    clearTimeout(this.#timer);
  }
}

const closedAtOnce = (): ConnectFailure =>
  new ConnectFailure(unreachable('the connection was closed as soon as it was made'));

/** Has a socket read into the buffer of its connection, without a stream on the way. */
function readInto(opening: Opening): OnReadOpts {
  const { buffer } = opening;
  let last = 0;
  return {
    buffer: () => buffer.next(last),
    callback: size => {
      opening.read(buffer.bytes.subarray(0, size));
      last = size;
      return true;
    },
  };
}

/** Calls `done` when the event loop has looked at all connections once. Bytes that come later cannot be told from an answer. */
function afterOneLook(done: () => void): void {
  setImmediate(() => setImmediate(done));
}
