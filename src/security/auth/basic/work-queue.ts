/** How much a queue takes on. */
export interface WorkBounds {
  /** Pieces of work at a time. */
  readonly running: number;
  /** That wait for their turn, of all clients and of one. */
  readonly waiting: number;
  readonly waitingOfOne: number;
}

interface Waiting {
  start(): void;
  giveUp(): void;
}

/**
 * Runs a few pieces of work at a time and lets a few more wait. Clients take turns, so that nobody waits for all that another one has
 * asked for: each has a queue of its own, and where there is no room left the client with the longest one loses its newest piece
 * to a client that has less.
 */
export class WorkQueue {
  /** In the order of their turns. Only clients with waiting work are there. */
  readonly #queues = new Map<string, Waiting[]>();
  #running = 0;
  #waiting = 0;

  constructor(private readonly bounds: WorkBounds) {}

  /** What the work gives; undefined when it is not done, because the client or all together have too much waiting. */
  async run<T>(client: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#running < this.bounds.running) this.#running++;
    else if (!(await this.#turn(client))) return undefined;
    try {
      return await work();
    } finally {
      this.#goOn();
    }
  }

  /** Whether its turn comes; the place of the piece that has ended is then taken over. */
  #turn(client: string): boolean | Promise<boolean> {
    const queue = this.#queues.get(client) ?? [];
    const { waiting, waitingOfOne } = this.bounds;
    if (queue.length >= waitingOfOne) return false;
    if (this.#waiting >= waiting && !this.#makeRoomFor(queue.length + 1)) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    queue.push({ start: () => resolve(true), giveUp: () => resolve(false) });
    this.#queues.set(client, queue);
    this.#waiting++;
    return promise;
  }

  #makeRoomFor(length: number): boolean {
    let longest: Waiting[] = [];
    for (const queue of this.#queues.values()) if (queue.length > longest.length) longest = queue;
    if (longest.length <= length) return false;
    longest.pop()!.giveUp();
    this.#waiting--;
    return true;
  }

  #goOn(): void {
    const [turn] = this.#queues;
    if (turn === undefined) {
      this.#running--;
      return;
    }
    const [client, queue] = turn;
    this.#queues.delete(client);
    const next = queue.shift()!;
    if (queue.length > 0) this.#queues.set(client, queue);
    this.#waiting--;
    next.start();
  }
}
