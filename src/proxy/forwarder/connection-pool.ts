import type { Http1Connection } from './http1-connection.js';

/** What waits for a connection. */
export interface PoolUser {
  /** Is given a connection that it may write to. */
  take(connection: Http1Connection): void;
  /** No connection can be made for it. */
  refused(error: Error): void;
}

/** A connection that is being made. */
export interface Connecting {
  /** Gives it up. Nothing is told then. */
  abandon(): void;
}

/** Makes a connection; tells once what became of it. */
export type Connect = (
  opened: (connection: Http1Connection) => void,
  failed: (error: Error) => void,
) => Connecting | undefined;

/** Limits of the connections that a pool keeps. */
export interface PoolLimits {
  /** Connections at a time, those included that are being made. */
  readonly max: number;
  /** Connections that are kept unused. */
  readonly maxIdle: number;
  /** Milliseconds for which a connection is kept unused; 0 = for ever. */
  readonly idleTimeout: number;
}

/** Why there is no connection once a pool was closed. */
export const shuttingDown = (): Error => new Error('the gateway is shutting down');

/**
 * Connections to one backend. A request gets the connection that was used last; else one is made for it, or it waits, first come, first served.
 * One that is free earlier than its own takes that.
 */
export class ConnectionPool {
  readonly #idle: Http1Connection[] = [];
  readonly #waiting = new Set<PoolUser>();
  /** Those that are being made, by the request that they are made for. */
  readonly #connecting = new Map<PoolUser, Connecting>();
  /** Those that stand. */
  readonly #open = new Set<Http1Connection>();
  #isRetired = false;

  constructor(
    private readonly limits: PoolLimits,
    private readonly connect: Connect,
  ) {}

  /** Connections that carry a request. */
  get active(): number {
    return this.#open.size - this.#idle.length;
  }

  /** Connections that are kept unused. */
  get idle(): number {
    return this.#idle.length;
  }

  /** Requests that wait for a connection. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Gives a connection, at once or later. */
  ask(user: PoolUser): void {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isUsable) return user.take(connection);
      connection.close();
    }
    this.#waiting.add(user);
    this.#connect(user);
  }

  /** A request wants no connection any more. */
  leave(user: PoolUser): void {
    this.#waiting.delete(user);
    const connecting = this.#connecting.get(user);
    // One that others wait for is made all the same: to begin anew would cost them the time that it has had.
    if (connecting === undefined || this.#waiting.size >= this.#connecting.size) return;
    this.#connecting.delete(user);
    connecting.abandon();
  }

  /** A connection has carried a request to its end, and may carry the next. */
  free(connection: Http1Connection): void {
    connection.free();
    this.#give(connection);
  }

  /** A connection is gone. */
  closed(connection: Http1Connection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#open.delete(connection);
    this.#connectNext();
  }

  /** Keeps no connection for reuse any more: those that are unused are closed, the others with the end of their requests. */
  retire(): void {
    this.#isRetired = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  /** Closes every connection at once; those that wait are refused. */
  close(): void {
    for (const connecting of this.#connecting.values()) connecting.abandon();
    this.#connecting.clear();
    for (const { socket } of this.#open) socket.destroy();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const user of waiting) user.refused(shuttingDown());
  }

  #connect(user: PoolUser): void {
    if (this.#open.size + this.#connecting.size >= this.limits.max) return;
    const connecting = this.connect(
      connection => {
        this.#connecting.delete(user);
        this.#open.add(connection);
        this.#give(connection);
      },
      error => {
        this.#connecting.delete(user);
        // Another one has become free for it.
        if (this.#waiting.delete(user)) user.refused(error);
        this.#connectNext();
      },
    );
    if (connecting !== undefined) this.#connecting.set(user, connecting);
  }

  /** There may be room for one more. */
  #connectNext(): void {
    if (this.#waiting.size <= this.#connecting.size) return;
    for (const user of this.#waiting) {
      if (this.#connecting.has(user)) continue;
      return this.#connect(user);
    }
  }

  #give(connection: Http1Connection): void {
    if (!connection.isUsable) return connection.close();
    for (const user of this.#waiting) {
      this.#waiting.delete(user);
      return user.take(connection);
    }
    const { idleTimeout, maxIdle } = this.limits;
    if (this.#isRetired || this.#idle.length >= maxIdle) return connection.close();
    if (idleTimeout > 0) {
      const keptFor = Math.min(idleTimeout, connection.keptFor);
      if (keptFor <= 0) return connection.close();
      connection.deadline = performance.now() + keptFor;
    }
    this.#idle.push(connection);
  }
}
