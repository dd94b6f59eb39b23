/** The limits of a queue. */
export interface WorkBounds {
  /** Pieces of work that run at the same time. */
  readonly running: number;
  /** Pieces of work that wait: of all clients together, and of one client. */
  readonly waiting: number;
  readonly waitingOfOne: number;
}

interface Waiting {
  start(): void;
  giveUp(): void;
}

/**
 * Runs a few pieces of work at a time and lets a few more wait. Clients take turns, so that one client need not wait for all
 * the work of another: each has a queue of its own, and when there is no room left, the newest piece of the longest queue makes
 * room for a client that has less.
 */
export class WorkQueue {
  /** Queues in the order of the clients' turns, only of clients with waiting work. */
  readonly #queues = new Map<string, Waiting[]>();
  #running = 0;
  #waiting = 0;

  constructor(private readonly bounds: WorkBounds) {}

  /** The result of the work; undefined: it was not done, because the client or all clients together had too much waiting. */
  async run<T>(client: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#running < this.bounds.running) this.#running++;
    else if (!(await this.#turn(client))) return undefined;
    try {
      return await work();
    } finally {
      this.#goOn();
    }
  }

  /** Whether the piece may run; if it has waited, it takes over the place of a piece that has ended. */
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
