/** What one thing costs, as `node bench/capacity.ts` measures it. Memory in KiB, CPU time in microseconds. */
export interface Costs {
  /** Memory of a gateway with one worker at rest, and of each worker beyond. */
  readonly rest: number;
  readonly worker: number;
  readonly http: number;
  readonly tls: number;
  readonly tunnel: number;
  readonly stream: number;
  /** Memory of the kernel for each socket without data in it. */
  readonly socket: number;
  readonly route: number;
  /** For each backend, in each thread. */
  readonly backend: number;
  /** CPU time of a request, a new connection with its TLS handshake, a message of a WebSocket. */
  readonly request: number;
  readonly handshake: number;
  readonly message: number;
  readonly probe: number;
}

/** What a gateway is to carry, over all its workers. */
export interface Demand {
  readonly http?: number;
  readonly tls?: number;
  readonly tunnels?: number;
  readonly streams?: number;
  readonly routes?: number;
  readonly backends?: number;
  /** A second. */
  readonly requests?: number;
  readonly handshakes?: number;
  readonly messages?: number;
  readonly probes?: number;
}

/** What that takes. */
export interface Size {
  /** Cores for the traffic at 100 %, and workers at the share of use that is wanted. */
  readonly cores: number;
  readonly workers: number;
  /** MiB of the process, and of the kernel for its sockets. */
  readonly process: number;
  readonly kernel: number;
  /** Descriptors (`ulimit -n`): the gateway gives clients and backends half each, beside a reserve and the admin listener's share. */
  readonly descriptors: number;
}

/** `use`: the share of its time that a worker should be busy at most; a queue grows steeply beyond. */
export function sizeOf(demand: Demand, costs: Costs, use = 0.6): Size {
  const of = (key: keyof Demand): number => demand[key] ?? 0;
  const microseconds =
    of('requests') * costs.request + of('handshakes') * costs.handshake + of('messages') * costs.message;
  const cores = microseconds / 1e6;
  const workers = Math.max(1, Math.ceil(cores / use));
  // With several workers the main thread knows all routes and backends, too.
  const threads = workers === 1 ? 1 : workers + 1;
  const memory =
    costs.rest +
    (workers === 1 ? 0 : workers * costs.worker) +
    of('http') * costs.http +
    of('tls') * costs.tls +
    of('tunnels') * costs.tunnel +
    of('streams') * costs.stream +
    threads * (of('routes') * costs.route + of('backends') * costs.backend);
  const clients = of('http') + of('tls') + of('tunnels') + of('streams');
  const sockets = clients + of('tunnels') + of('streams');
  return {
    cores: cores + (of('probes') * costs.probe) / 1e6,
    workers,
    process: memory / 1024,
    kernel: (sockets * costs.socket) / 1024,
    descriptors: 2 * clients + 64 + 256 + 16 * (workers - 1),
  };
}
