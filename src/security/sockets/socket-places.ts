import type { Releasable } from '../policy.js';
import { release } from '../release.js';

/** A socket of Nest's adapters for `ws` and Socket.IO. */
export interface ClientSocket {
  /** Of `ws`: 2 and 3 are closing and closed. */
  readonly readyState?: number;
  /** Of Socket.IO. */
  readonly connected?: boolean;
  once(event: string, act: () => void): unknown;
}

/**
 * What policies have taken for messages of one socket. A handler does not say when it is done with a message, so a socket has what its last message has
 * taken, for each list of policies, until its next message is asked about or it closes: it counts once, like a request that is open as long.
 */
export class SocketPlaces {
  readonly #held = new Map<object, Releasable[]>();

  constructor(private readonly client: ClientSocket) {
    client.once(client.connected === undefined ? 'close' : 'disconnect', () => this.#clear());
  }

  /** Gives back what the list has taken before. */
  renew(list: object): void {
    release(this.#held.get(list) ?? []);
    this.#held.delete(list);
  }

  add(list: object, held: Releasable): void {
    if (this.#isClosed) return release([held]);
    const all = this.#held.get(list);
    if (all === undefined) this.#held.set(list, [held]);
    else all.push(held);
  }

  get #isClosed(): boolean {
    return this.client.connected === false || (this.client.readyState ?? 0) > 1;
  }

  #clear(): void {
    const all = [...this.#held.values()].flat();
    this.#held.clear();
    release(all);
  }
}
