import type { Dispatcher, Pool } from 'undici';
import type { Backend } from '../../upstream/backend.js';
import { RequestBody } from '../client/request-body.js';
import type { BackendPools } from './backend-pools.js';
import { Deadlines } from './deadlines.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest, Forwarder } from './forwarder.js';
import { NodeCarrier } from './node-carrier.js';
import { UndiciAttempt } from './undici-attempt.js';

/**
 * The default forwarder: undici's `Pool.dispatch`, one pool for each backend.
 *
 * undici cannot give a request a connection beside those of its pool or one of its own, cannot send `Expect: 100-continue`, request trailers, `OPTIONS *` or a `Connection` that names `TE`, and
 * holds a request head back until the first byte of the body; upgrades, requests for event streams, tied requests, and requests with an expectation, with `TE: trailers`, with a chunked body
 * or with the target `*`, are therefore carried by `node:http` over connections of its own ({@link NodeCarrier}).
 */
export class UndiciForwarder implements Forwarder {
  readonly #carrier: NodeCarrier;
  readonly #deadlines = new Deadlines();

  constructor(private readonly pools: BackendPools) {
    this.#carrier = new NodeCarrier(pools);
  }

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    // 8
    const { body } = request;
    const { acceptsTrailers, expectsContinue, ownConnection, path, tie, upgrade } = request;
    const isPlain =
      upgrade === undefined &&
      ownConnection !== true &&
      tie === undefined &&
      !expectsContinue &&
      acceptsTrailers !== true &&
      path !== '*';
    if (!isPlain || (body instanceof RequestBody && body.length === undefined)) {
      return this.#carrier.forward(request, backend, observer);
    }
    const pool = this.pools.pool(backend);
    const attempt = new UndiciAttempt(request, observer, this.#deadlines);
    pool.dispatcher.dispatch(
      {
        path: request.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0,
        // Only forbids pipelining, which is off; left out, undici looks at its queue once more for each head.
        blocking: false,
        servername: pool.servername,
      } as Dispatcher.DispatchOptions,
      attempt,
    );
    return attempt;
  }

  connections(backend: Backend): ConnectionFigures {
    const { stats } = this.pools.pool(backend).dispatcher as Pool;
    const carried = this.#carrier.connections(backend);
    return {
      active: stats.running + carried.active,
      idle: stats.free + carried.idle,
      pending: stats.pending + carried.pending,
    };
  }

  async close(): Promise<void> {
    await this.pools.close();
  }
}
