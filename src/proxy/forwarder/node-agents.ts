import type { Agent, AgentOptions } from 'node:http';
import type { Backend } from '../../upstream/backend.js';
import type { ClientTie } from '../client/client-tie.js';
import type { ConnectionFigures } from './forwarder.js';

/** Limits of the connections that are kept. */
export interface AgentLimits {
  /** Connections to one backend at a time. */
  readonly max: number;
  /** Milliseconds for which a connection is kept unused. */
  readonly idleTimeout: number;
}

/** Makes an agent for connections to a backend. */
type AgentFactory = (backend: Backend, options: AgentOptions) => Agent;

/** The agents of `node:http` for an upstream's backends, made when first used: for each backend one for every kind of connection. */
export class NodeAgents {
  readonly #shared = new Map<Backend, Agent>();
  readonly #single = new Map<Backend, Agent>();
  readonly #tied = new Map<ClientTie, Map<Backend, Agent>>();

  constructor(
    private readonly limits: AgentLimits,
    private readonly create: AgentFactory,
  ) {}

  /** Connections that requests share, within the limits. */
  shared(backend: Backend): Agent {
    const { max, idleTimeout } = this.limits;
    return this.#of(this.#shared, backend, {
      keepAlive: true,
      maxSockets: max,
      maxFreeSockets: max,
      timeout: idleTimeout,
    });
  }

  /** A connection for a single request, beyond all limits. */
  single(backend: Backend): Agent {
    const { idleTimeout } = this.limits;
    // Without the promise to keep it, some servers end a body by closing, which cannot be told from a crash.
    return this.#of(this.#single, backend, { keepAlive: true, maxFreeSockets: 1, timeout: idleTimeout });
  }

  /** Connections for one client alone, closed when it ends. They are not closed when idle: with its connection the client would lose what it is let in as. */
  tied(backend: Backend, tie: ClientTie): Agent {
    if (tie.ended) return this.create(backend, { keepAlive: false });
    let agents = this.#tied.get(tie);
    if (agents === undefined) {
      this.#tied.set(tie, (agents = new Map<Backend, Agent>()));
      tie.onEnd(() => this.#untie(tie));
    }
    return this.#of(agents, backend, { keepAlive: true, maxFreeSockets: 1 });
  }

  /** Connections to a backend. Of those for a single request only the ones in use count. */
  figures(backend: Backend): ConnectionFigures {
    const figures = { active: 0, idle: 0, pending: 0 };
    for (const agents of [this.#shared, ...this.#tied.values()]) {
      const agent = agents.get(backend);
      figures.active += countOf(agent?.sockets);
      figures.idle += countOf(agent?.freeSockets);
      figures.pending += countOf(agent?.requests);
    }
    figures.active += countOf(this.#single.get(backend)?.sockets);
    return figures;
  }

  /** Keeps no connection for reuse any more, to this backend or to any: those that are unused are closed, the others with the end of their requests. */
  retire(backend?: Backend): void {
    for (const agents of [this.#shared, this.#single]) {
      for (const [each, agent] of agents) {
        if (backend !== undefined && each !== backend) continue;
        agent.maxFreeSockets = 0;
        for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
        agents.delete(each);
      }
    }
  }

  /** Closes every connection at once. */
  close(): void {
    for (const agents of [this.#shared, this.#single, ...this.#tied.values()]) {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    }
    this.#tied.clear();
  }

  #of(agents: Map<Backend, Agent>, backend: Backend, options: AgentOptions): Agent {
    let agent = agents.get(backend);
    if (agent === undefined) agents.set(backend, (agent = this.create(backend, options)));
    return agent;
  }

  #untie(tie: ClientTie): void {
    const agents = this.#tied.get(tie);
    this.#tied.delete(tie);
    if (agents !== undefined) for (const agent of agents.values()) agent.destroy();
  }
}

function countOf(lists: NodeJS.ReadOnlyDict<unknown[]> = {}): number {
  return Object.values(lists).reduce((sum, each) => sum + (each?.length ?? 0), 0);
}
