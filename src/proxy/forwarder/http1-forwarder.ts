import type { Lenience } from '../../config/file/upstream.config.js';
import type { ReadingRules } from '../../http1/message-reader.js';
import type { Backend } from '../../upstream/backend.js';
import type { ClientTie } from '../client/client-tie.js';
import { maxResponseHead, type BackendPools } from './backend-pools.js';
import { ConnectionOpener } from './connection-opener.js';
import { ConnectionPool, type PoolLimits } from './connection-pool.js';
import { Deadlines } from './deadlines.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest, Forwarder } from './forwarder.js';
import { Http1Attempt } from './http1-attempt.js';

const none: ConnectionFigures = { active: 0, idle: 0, pending: 0 };

/** The default forwarder: HTTP/1.1 over connections of the gateway's own. */
export class Http1Forwarder implements Forwarder {
  readonly #deadlines = new Deadlines();
  readonly #backends = new Map<Backend, BackendConnections>();
  #isClosed = false;
  #isRetired = false;

  constructor(private readonly pools: BackendPools) {}

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    // 8
    const pool = this.#of(backend).poolFor(request);
    const attempt = new Http1Attempt(request, observer, pool, this.#deadlines);
    attempt.begin();
    return attempt;
  }

  connections(backend: Backend): ConnectionFigures {
    return this.#backends.get(backend)?.figures ?? none;
  }

  retire(backend?: Backend): void {
    for (const [each, connections] of this.#backends) {
      if (backend !== undefined && each !== backend) continue;
      connections.retire();
      this.#backends.delete(each);
    }
    this.#isRetired ||= backend === undefined;
    this.pools.retire(backend);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connections of this.#backends.values()) connections.close();
    this.pools.close();
  }

  #of(backend: Backend): BackendConnections {
    let connections = this.#backends.get(backend);
    if (connections === undefined) {
      const { connections: limits, connectTimeout, lenient, tls } = this.pools.settings;
      const settings = { connectTimeout, tls, rules: rulesOf(lenient) };
      const opener = new ConnectionOpener(backend, settings, this.#deadlines);
      connections = new BackendConnections(opener, { ...limits, maxIdle: limits.max });
      if (this.#isClosed) connections.close();
      if (this.#isRetired) connections.retire();
      this.#backends.set(backend, connections);
    }
    return connections;
  }
}

/** How strictly the responses of backends are read. */
function rulesOf(lenient: readonly Lenience[] = []): ReadingRules {
  return {
    maxHead: maxResponseHead,
    bareLineFeeds: lenient.includes('bare-lf'),
    chunkSpaces: lenient.includes('chunk-spaces'),
    repeatedLengths: lenient.includes('repeated-length'),
  };
}

/** The connections to one backend, in pools that share none. */
class BackendConnections {
  /** Those that requests share. */
  readonly #shared: ConnectionPool;
  /** Those for what may last, beyond all limits. */
  readonly #single: ConnectionPool;
  /** Those that may switch their protocol: each carries one handshake. */
  readonly #switching: ConnectionPool;
  /** Those for one client alone. They are not closed when unused: with its connection the client would lose what it is let in as. */
  readonly #tied = new Map<ClientTie, ConnectionPool>();

  constructor(
    private readonly opener: ConnectionOpener,
    limits: PoolLimits,
  ) {
    this.#shared = this.#pool(limits);
    this.#single = this.#pool({ max: Infinity, maxIdle: 1, idleTimeout: limits.idleTimeout });
    this.#switching = this.#pool({ ...limits, maxIdle: 0 }, true);
  }

  get figures(): ConnectionFigures {
    const figures = { active: 0, idle: 0, pending: 0 };
    for (const pool of [this.#shared, this.#switching, ...this.#tied.values()]) {
      figures.active += pool.active;
      figures.idle += pool.idle;
      figures.pending += pool.pending;
    }
    figures.active += this.#single.active;
    return figures;
  }

  poolFor({ ownConnection, tie, upgrade }: ForwardRequest): ConnectionPool {
    if (tie !== undefined) return this.#tiedTo(tie);
    if (upgrade !== undefined) return this.#switching;
    return ownConnection === true ? this.#single : this.#shared;
  }

  /** Keeps none for reuse any more. */
  retire(): void {
    for (const pool of [this.#shared, this.#single, this.#switching]) pool.retire();
  }

  /** Closes every connection at once; no other is opened any more. */
  close(): void {
    this.opener.close();
    for (const pool of [this.#shared, this.#single, this.#switching, ...this.#tied.values()]) pool.close();
    this.#tied.clear();
  }

  #tiedTo(tie: ClientTie): ConnectionPool {
    const known = this.#tied.get(tie);
    if (known !== undefined) return known;
    const pool = this.#pool({ max: Infinity, maxIdle: tie.ended ? 0 : 1, idleTimeout: 0 }, true);
    if (tie.ended) return pool;
    this.#tied.set(tie, pool);
    tie.onEnd(() => {
      this.#tied.delete(tie);
      pool.close();
    });
    return pool;
  }

  #pool(limits: PoolLimits, isStream = false): ConnectionPool {
    const pool: ConnectionPool = new ConnectionPool(limits, (opened, failed) =>
      this.opener.open(pool, isStream, opened, failed),
    );
    return pool;
  }
}
