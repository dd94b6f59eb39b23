import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { stat, unlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { openFiles } from '../platform/open-files.js';
import type { CountSpace } from '../shared-memory/count-table.js';

/**
 * Connections that may wait to be accepted; the limit of the system may be lower. Node accepts one in each turn of its event
 * loop, and a client whose connection is dropped tries again only after a second.
 */
const backlog = 4096;

/** Milliseconds for which a socket that shares its port accepts what still comes when it is to close. */
const patience = 1_000;

/** Where clients connect to: a host and a port (absent or 0: any free one), or the path of a unix socket. */
export interface Address {
  readonly host: string;
  readonly port?: number | undefined;
  readonly unix?: string | undefined;
}

type Counts = Pick<CountSpace, 'enter' | 'leave'>;

/** Serves the connections that an acceptor accepts. */
export interface Taker {
  /** Connections that may be open at a time. */
  readonly maxConnections: number;
  /** Where the connections of all threads are counted, by address. Undefined: this thread has them all. */
  readonly counts?: Counts | undefined;
  /** A connection has been accepted, and nothing that has come on it was read from its socket. */
  take(socket: Socket): void;
  /** A connection was closed at once: too many are open, or no descriptor is left. */
  refused(reason: 'limit' | 'descriptors'): void;
}

/** Listens on an address, and hands what comes to one taker after the other: the address stays open while takers change. */
export class Acceptor {
  /** The port that it listens on; undefined on a unix socket, and before it listens. */
  port: number | undefined;
  isOpen = false;
  /** It listens no more, and will not again. */
  isReleased = false;
  /** Another process listens on its port, and goes on when this one closes. */
  isFollowed = false;
  /** Resolves when it has accepted its last connection, once it is released. */
  closed: Promise<void> = Promise.resolve();
  readonly #server: Server;
  #accepted = 0;
  /** The one that is served, or for which connections wait. */
  #taker: Taker | undefined;
  /** What has come before a taker was served; undefined once one is. */
  #waiting: Socket[] | undefined = [];
  /** What its connections are counted under, where all threads count them together. */
  #place: string | undefined;

  /** `isShared`: other threads of this process listen there as well, and the system deals connections out among them (SO_REUSEPORT). */
  constructor(
    readonly address: Address,
    private readonly isShared = false,
  ) {
    // Takers whose clients must not close their side alone say so for each connection.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true })
      .on('connection', socket => this.#accept(socket))
      .on('drop', () => this.#taker!.refused('limit'));
  }

  /**
   * Listens, unless it was released. Connections wait until `taker`, or another, is served. Rejects with the error of the system when the address cannot
   * be had; it may be tried again then.
   */
  async open(taker: Taker): Promise<void> {
    if (this.isReleased) return;
    this.#change(taker);
    const { host, port, unix } = this.address;
    if (unix === undefined) this.#server.listen({ host, port: port ?? 0, backlog, reusePort: this.isShared });
    else {
      await removeStaleSocket(unix);
      this.#server.listen({ path: unix, backlog });
    }
    await once(this.#server, 'listening');
    if (unix === undefined) this.port = (this.#server.address() as AddressInfo).port;
    // It could not be closed before it listened.
    if (this.isReleased) this.#server.close();
    else this.isOpen = true;
  }

  /** Hands all connections that come from now on to `taker`, and those that wait. */
  serve(taker: Taker): void {
    this.#change(taker);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const socket of waiting) {
      // Its client has gone, and no later event would tell of it.
      if (socket.readableEnded) socket.destroy();
      else if (!socket.destroyed) taker.take(socket);
    }
  }

  /** Connections go to `taker`, or wait for it. */
  isFor(taker: Taker): boolean {
    return this.#taker === taker;
  }

  /** Stops listening, unless another taker is served by now. Connections that were taken are left alone. */
  release(taker: Taker): void {
    if (this.#taker !== taker) return;
    this.isReleased = true;
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const socket of this.#waiting ?? []) socket.destroy();
    if (this.isFollowed) this.closed = this.#closeWhenQuiet(performance.now() + patience);
    else this.#server.close();
  }

  /**
   * Stops listening when nothing more has come in two turns of the event loop: the others who listen on the port go on, but what the system has dealt to
   * this socket, and it has not accepted yet, would be reset.
   */
  async #closeWhenQuiet(deadline: number): Promise<void> {
    // The first turn may have begun before.
    for (let quiet = 0; quiet < 2 && performance.now() < deadline;) {
      const before = this.#accepted;
      await turn();
      quiet = this.#accepted === before ? quiet + 1 : 0;
    }
    this.#server.close();
  }

  #change(taker: Taker): void {
    this.#taker = taker;
    // Node counts those of this thread alone.
    this.#server.maxConnections = taker.counts === undefined ? taker.maxConnections : Infinity;
  }

  #accept(socket: Socket): void {
    this.#accepted++;
    const taker = this.#taker!;
    if (taker.counts !== undefined && !this.#count(socket, taker.maxConnections, taker.counts)) {
      taker.refused('limit');
      socket.destroy();
      return;
    }
    if (!openFiles.take('clients')) {
      taker.refused('descriptors');
      socket.destroy();
      return;
    }
    openFiles.giveWhenClosed('clients', socket);
    if (this.#waiting === undefined) taker.take(socket);
    else this.#waiting.push(socket);
  }

  #placeOf(): string {
    const { host, unix } = this.address;
    return unix ?? `${host} ${(this.#server.address() as AddressInfo).port}`;
  }

  /** Counts a connection until it closes, unless that would be more than `limit`: then it gives false. */
  #count(socket: Socket, limit: number, counts: Counts): boolean {
    const counted = counts.enter((this.#place ??= this.#placeOf()), limit);
    if (counted < 0) return false;
    socket.once('close', () => counts.leave(counted));
    return true;
  }
}

/** Removes a socket file that a crashed process has left behind, and that would block the address for ever. */
async function removeStaleSocket(path: string): Promise<void> {
  const file = await stat(path).catch(() => undefined);
  if (file?.isSocket() !== true) return;
  const alive = await new Promise<boolean>(resolve => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
  if (!alive) await unlink(path);
}
