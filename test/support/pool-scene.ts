import type { Socket } from 'node:net';
import {
  ConnectionPool,
  type Connecting,
  type PoolLimits,
  type PoolUser,
} from '../../src/proxy/forwarder/connection-pool.js';
import { Http1Connection } from '../../src/proxy/forwarder/http1-connection.js';
import { socketPair } from './socket-pair.js';

/** A request that wants a connection, and keeps what becomes of that. */
export class User implements PoolUser {
  connection: Http1Connection | undefined;
  /** Connections that it was given, and errors that it was told. */
  told = 0;
  error: Error | undefined;

  take(connection: Http1Connection): void {
    this.told++;
    this.connection = connection;
  }

  refused(error: Error): void {
    this.told++;
    this.error = error;
  }
}

/** A connection that is being made, until the test says what becomes of it. */
export class Making implements Connecting {
  isAbandoned = false;

  constructor(
    private readonly pool: ConnectionPool,
    private readonly opened: (connection: Http1Connection) => void,
    private readonly failed: (error: Error) => void,
  ) {}

  abandon(): void {
    this.isAbandoned = true;
  }

  /** It stands. Gives the other side of it as well. */
  async stand(): Promise<{ readonly connection: Http1Connection; readonly backend: Socket }> {
    const [socket, backend] = await socketPair();
    const connection = new Http1Connection(socket, { maxHead: 1_000 }, this.pool);
    this.opened(connection);
    return { connection, backend };
  }

  fail(): void {
    this.failed(new Error('refused'));
  }
}

/** A pool whose connections stand, or not, when the test says so. */
export function startPool(limits: Partial<PoolLimits> = {}) {
  const made: Making[] = [];
  const pool: ConnectionPool = new ConnectionPool(
    { max: 2, maxIdle: 2, idleTimeout: 0, ...limits },
    (opened, failed) => {
      const making = new Making(pool, opened, failed);
      made.push(making);
      return making;
    },
  );
  const ask = (): User => {
    const user = new User();
    pool.ask(user);
    return user;
  };
  /** A request that was given a new connection. */
  const served = async (): Promise<User> => {
    const user = ask();
    await made.at(-1)!.stand();
    return user;
  };
  const figures = (): readonly number[] => [pool.active, pool.idle, pool.pending];
  return { pool, made, ask, served, figures };
}
