import type { AgentOptions } from 'node:http';
import type { Socket } from 'node:net';
import { Client, Pool, buildConnector, errors, type Dispatcher } from 'undici';
import { joinPieces } from '../../http/joined-readable.js';
import { outOfDescriptors } from '../../platform/exhausted.js';
import { openFiles } from '../../platform/open-files.js';
import type { Backend } from '../../upstream/backend.js';
import { serverNameOf, tlsOptions, type BackendTls } from '../../upstream/backend-tls.js';
import { PlainBackendAgent, SecureBackendAgent, type BackendAgent } from './backend-agent.js';
import type { ClientTie } from '../client/client-tie.js';
import type { ConnectionFigures } from './forwarder.js';
import { hearLastWords } from './last-words.js';
import { afterQuietStart, spokeFirst } from './quiet-start.js';

/** How connections to the backends of one upstream are made. */
export interface PoolSettings {
  readonly connections: { readonly max: number; readonly idleTimeout: number };
  /** Milliseconds until a connection, TLS handshake included, must stand. */
  readonly connectTimeout: number;
  /** For `https:` backends; certificates are verified unless `verify` is false. */
  readonly tls?: BackendTls | undefined;
}

/** Response heads larger than this, in bytes, are refused (PROTOCOL). */
export const maxResponseHead = 64 * 1024;

/** One backend's undici pool, and the TLS name that goes with each of its requests. */
export interface BackendPool {
  readonly dispatcher: Dispatcher;
  /** Given with each request, always the same: for another one undici would close the connection and open a new one. */
  readonly servername: string | undefined;
}

/** What is known of a connection to a backend. */
export interface ConnectionState {
  /** Exchanges that it has carried to their end since it was made. */
  served: number;
  socket: Socket | undefined;
}

/** A request handler that wants to know by which connection it is carried. */
export interface ConnectionUser {
  connection: ConnectionState | undefined;
}

/** One connection of a pool: tells each request who carries it. */
class PooledClient extends Client {
  constructor(
    origin: URL,
    options: Client.Options,
    private readonly state: ConnectionState,
  ) {
    super(origin, options);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (handler as Partial<ConnectionUser>).connection = this.state;
    return super.dispatch(options, handler);
  }
}

/** undici keeps short times by a clock that ticks once a second; a connection gets a timer of its own. */
function pooledClient(origin: URL, options: object, timeout: number): Dispatcher {
  const { connect } = options as { connect: (...connection: Parameters<buildConnector.connector>) => Socket };
  const state: ConnectionState = { served: 0, socket: undefined };
  const connectFor: buildConnector.connector = (target, callback) => {
    if (!openFiles.take('backends')) return process.nextTick(callback, outOfDescriptors(), null);
    const timer = setTimeout(
      () => connecting.destroy(new errors.ConnectTimeoutError(`none in ${timeout} ms`)),
      timeout,
    );
    const connecting = connect(target, (...result) => {
      clearTimeout(timer);
      const [, socket] = result;
      state.served = 0;
      state.socket = socket ?? undefined;
      // Typed as if it were there; undici leaves it out.
      if (!state.socket || !socket) return callback(...result);
      joinPieces(socket);
      hearLastWords(socket);
      afterQuietStart(socket, hasSpoken => {
        if (!hasSpoken) return callback(...result);
        socket.destroy();
        callback(spokeFirst(), null);
      });
    });
    openFiles.giveWhenClosed('backends', connecting);
  };
  return new PooledClient(origin, { ...options, connect: connectFor }, state);
}

function countOf(lists: NodeJS.ReadOnlyDict<unknown[]> = {}): number {
  return Object.values(lists).reduce((sum, each) => sum + (each?.length ?? 0), 0);
}

/** The connection pools of an upstream's backends, made when first used. */
export class BackendPools {
  readonly #pools = new Map<Backend, BackendPool>();
  readonly #agents = new Map<Backend, BackendAgent>();
  readonly #own = new Map<Backend, BackendAgent>();
  readonly #tied = new Map<ClientTie, Map<Backend, BackendAgent>>();

  constructor(readonly settings: PoolSettings) {}

  pool(backend: Backend): BackendPool {
    let pool = this.#pools.get(backend);
    if (pool === undefined) {
      pool = this.#create(backend);
      this.#pools.set(backend, pool);
    }
    return pool;
  }

  /**
   * Connections for what undici cannot carry. `isOwn`: one for a single request, beyond all limits. `tie`: connections for this client
   * alone, which end with it.
   */
  agent(backend: Backend, isOwn = false, tie?: ClientTie): BackendAgent {
    if (tie !== undefined) return this.#tiedAgent(backend, tie);
    const agents = isOwn ? this.#own : this.#agents;
    let agent = agents.get(backend);
    if (agent === undefined) {
      const { max, idleTimeout } = this.settings.connections;
      agent = this.#createAgent(
        backend,
        isOwn
          ? // Without the promise to keep it, some servers end a body by closing, which cannot be told from a crash.
            { keepAlive: true, maxFreeSockets: 1, timeout: idleTimeout }
          : { keepAlive: true, maxSockets: max, maxFreeSockets: max, timeout: idleTimeout },
      );
      agents.set(backend, agent);
    }
    return agent;
  }

  /** Figures of the connections of {@link agent}. */
  agentFigures(backend: Backend): ConnectionFigures {
    const figures = { active: 0, idle: 0, pending: 0 };
    const add = (agent: BackendAgent | undefined): void => {
      figures.active += countOf(agent?.sockets);
      figures.idle += countOf(agent?.freeSockets);
      figures.pending += countOf(agent?.requests);
    };
    add(this.#agents.get(backend));
    for (const agents of this.#tied.values()) add(agents.get(backend));
    figures.active += countOf(this.#own.get(backend)?.sockets);
    return figures;
  }

  async close(): Promise<void> {
    const tied = [...this.#tied.values()].flatMap(agents => [...agents.values()]);
    for (const agent of [...this.#agents.values(), ...this.#own.values(), ...tied]) agent.destroy();
    await Promise.all([...this.#pools.values()].map(pool => pool.dispatcher.destroy()));
    this.#agents.clear();
    this.#own.clear();
    this.#tied.clear();
    this.#pools.clear();
  }

  /** They are not closed when idle: with its connection the client would lose what it is let in as. */
  #tiedAgent(backend: Backend, tie: ClientTie): BackendAgent {
    if (tie.ended) return this.#createAgent(backend, { keepAlive: false });
    let agents = this.#tied.get(tie);
    if (agents === undefined) {
      this.#tied.set(tie, (agents = new Map<Backend, BackendAgent>()));
      tie.onEnd(() => this.#untie(tie));
    }
    let agent = agents.get(backend);
    if (agent === undefined)
      agents.set(backend, (agent = this.#createAgent(backend, { keepAlive: true, maxFreeSockets: 1 })));
    return agent;
  }

  #untie(tie: ClientTie): void {
    const agents = this.#tied.get(tie);
    this.#tied.delete(tie);
    if (agents !== undefined) for (const agent of agents.values()) agent.destroy();
  }

  #createAgent(backend: Backend, options: AgentOptions): BackendAgent {
    const { connectTimeout } = this.settings;
    return backend.url.protocol === 'https:'
      ? new SecureBackendAgent({ ...options, ...tlsOptions(backend, this.settings.tls) }, connectTimeout)
      : new PlainBackendAgent(options, connectTimeout);
  }

  #create(backend: Backend): BackendPool {
    const { connections, connectTimeout } = this.settings;
    const { socketPath } = backend;
    const secure = backend.url.protocol === 'https:';
    return {
      dispatcher: new Pool(backend.url.origin, {
        connections: connections.max,
        factory: (origin, options) => pooledClient(origin, options, connectTimeout),
        pipelining: 1,
        allowH2: false,
        keepAliveTimeout: connections.idleTimeout,
        keepAliveMaxTimeout: connections.idleTimeout,
        maxHeaderSize: maxResponseHead,
        connect: secure
          ? this.#secureConnector(backend)
          : { timeout: 0, ...(socketPath !== undefined && { socketPath }) },
      }),
      servername: secure ? serverNameOf(backend, this.settings.tls) || backend.url.hostname : undefined,
    };
  }

  /** Connects by the backend's own name: undici would take the client's Host for SNI and verify the certificate for that. */
  #secureConnector(backend: Backend): buildConnector.connector {
    const connect = buildConnector({
      allowH2: false,
      timeout: 0,
      ...tlsOptions(backend, this.settings.tls),
    });
    const own = { servername: serverNameOf(backend, this.settings.tls), host: backend.url.host };
    // Typed as if it returned nothing; what it returns is the socket that is connecting.
    return (options, callback) => connect({ ...options, ...own }, callback);
  }
}
