import type { Agent } from 'node:http';
import { Pool, buildConnector, type Dispatcher } from 'undici';
import { connectingSocket } from '../../platform/connecting-socket.js';
import type { Backend } from '../../upstream/backend.js';
import { serverNameOf, tlsOptions, type BackendTls } from '../../upstream/backend-tls.js';
import type { ClientTie } from '../client/client-tie.js';
import { backendAgent } from './backend-agent.js';
import type { ConnectionFigures } from './forwarder.js';
import { NodeAgents, type AgentLimits } from './node-agents.js';
import { PooledClient } from './pooled-client.js';

/** How connections to the backends of one upstream are made. */
interface PoolSettings {
  readonly connections: AgentLimits;
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

const isSecure = (backend: Backend): boolean => backend.url.protocol === 'https:';

/** The connections to an upstream's backends, made when first used: a pool of undici and agents of `node:http` for each. */
export class BackendPools {
  readonly #pools = new Map<Backend, BackendPool>();
  readonly #agents: NodeAgents;

  constructor(readonly settings: PoolSettings) {
    this.#agents = new NodeAgents(settings.connections, (backend, options) =>
      backendAgent(options, settings.connectTimeout, isSecure(backend) ? tlsOptions(backend, settings.tls) : undefined),
    );
  }

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
  agent(backend: Backend, isOwn = false, tie?: ClientTie): Agent {
    if (tie !== undefined) return this.#agents.tied(backend, tie);
    return isOwn ? this.#agents.single(backend) : this.#agents.shared(backend);
  }

  /** Figures of the connections of {@link agent}. */
  agentFigures(backend: Backend): ConnectionFigures {
    return this.#agents.figures(backend);
  }

  async close(): Promise<void> {
    this.#agents.close();
    await Promise.all([...this.#pools.values()].map(pool => pool.dispatcher.destroy()));
    this.#pools.clear();
  }

  #create(backend: Backend): BackendPool {
    const { connections, connectTimeout, tls } = this.settings;
    const { socketPath } = backend;
    return {
      dispatcher: new Pool(backend.url.origin, {
        connections: connections.max,
        factory: (origin, options) => new PooledClient(origin, options, connectTimeout),
        pipelining: 1,
        allowH2: false,
        keepAliveTimeout: connections.idleTimeout,
        keepAliveMaxTimeout: connections.idleTimeout,
        maxHeaderSize: maxResponseHead,
        connect: isSecure(backend)
          ? secureConnector(backend, tls)
          : { timeout: 0, ...(socketPath !== undefined && { socketPath }) },
      }),
      servername: isSecure(backend) ? serverNameOf(backend, tls) || backend.url.hostname : undefined,
    };
  }
}

/** Connects by the backend's own name: undici would take the client's Host for SNI and verify the certificate for that. */
function secureConnector(backend: Backend, tls: BackendTls | undefined): buildConnector.connector {
  const connect = buildConnector({ allowH2: false, timeout: 0, ...tlsOptions(backend, tls) });
  const own = { servername: serverNameOf(backend, tls), host: backend.url.host };
  return (options, callback) => connectingSocket(connect, { ...options, ...own }, callback);
}
