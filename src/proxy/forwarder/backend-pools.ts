import type { Agent } from 'node:http';
import type { Lenience } from '../../config/file/upstream.config.js';
import type { Backend } from '../../upstream/backend.js';
import { tlsOptions, type BackendTls } from '../../upstream/backend-tls.js';
import type { ClientTie } from '../client/client-tie.js';
import { backendAgent } from './backend-agent.js';
import type { ConnectionFigures } from './forwarder.js';
import { NodeAgents, type AgentLimits } from './node-agents.js';

/** How connections to the backends of one upstream are made. */
interface PoolSettings {
  readonly connections: AgentLimits;
  /** Milliseconds until a connection, TLS handshake included, must stand. */
  readonly connectTimeout: number;
  /** For `https:` backends; certificates are verified unless `verify` is false. */
  readonly tls?: BackendTls | undefined;
  /** Faults of responses that are passed over. Default: none. */
  readonly lenient?: readonly Lenience[];
}

/** Response heads larger than this, in bytes, are refused (PROTOCOL). */
export const maxResponseHead = 64 * 1024;

const isSecure = (backend: Backend): boolean => backend.url.protocol === 'https:';

/**
 * How a forwarder is to connect to the backends of an upstream (`settings`); and connections, made when first used, for a forwarder that sends its
 * requests by `node:http` ({@link agent}). One that makes connections of its own keeps to the settings by itself.
 */
export class BackendPools {
  readonly #agents: NodeAgents;

  constructor(readonly settings: PoolSettings) {
    this.#agents = new NodeAgents(settings.connections, (backend, options) =>
      backendAgent(options, settings.connectTimeout, isSecure(backend) ? tlsOptions(backend, settings.tls) : undefined),
    );
  }

  /**
   * The agent for a request of `node:http` to a backend: `http.request(backend.url, { agent })`. It connects by TLS where the backend's URL says so,
   * and within `settings.connections` and `settings.connectTimeout`. `isOwn`: connections beyond the limit, each for one request at a time, as
   * `ForwardRequest.ownConnection` asks for. `tie`: connections for this client alone, which end with it.
   */
  agent(backend: Backend, isOwn = false, tie?: ClientTie): Agent {
    if (tie !== undefined) return this.#agents.tied(backend, tie);
    return isOwn ? this.#agents.single(backend) : this.#agents.shared(backend);
  }

  /** Figures of the connections of {@link agent}. */
  agentFigures(backend: Backend): ConnectionFigures {
    return this.#agents.figures(backend);
  }

  /** Keeps no connection of {@link agent} for reuse any more, to this backend or to any. */
  retire(backend?: Backend): void {
    this.#agents.retire(backend);
  }

  /** Closes every connection at once. */
  close(): void {
    this.#agents.close();
  }
}
