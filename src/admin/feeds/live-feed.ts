import { HttpException, Injectable } from '@nestjs/common';
import { LiveViews } from '../live/live-views.js';
import { EventFeed, type FeedClient } from './event-feed.js';

/** Milliseconds between two events. */
const interval = 1_000;
/** Where a status is so large that writing it takes long, nothing is made for so many times as long: to make it takes several times what it takes to write it. */
const rest = 100;
/** Clients at once. */
const most = 16;

/** Sends what goes on to its clients: one status a second, made once for all of them, and none while there is no client. */
@Injectable()
export class LiveFeed {
  /** The clients, and whether each has taken the event before. */
  readonly #clients = new Map<FeedClient, { isReady: boolean }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly views: LiveViews) {}

  /** @throws HttpException 503 when there are too many clients. */
  feed(): EventFeed {
    if (this.#clients.size >= most)
      throw new HttpException({ detail: `${most} clients look already: close one of them first.` }, 503);
    return new EventFeed(client => {
      this.#clients.set(client, { isReady: true });
      // At once for the first: others get the next one.
      if (this.#clients.size === 1) void this.#send();
      return () => {
        this.#clients.delete(client);
        if (this.#clients.size > 0) return;
        clearTimeout(this.#timer);
        this.#timer = undefined;
      };
    });
  }

  async #send(): Promise<void> {
    const view = await this.views.status().catch((error: unknown) => ({ detail: (error as Error).message }));
    const from = performance.now();
    const data = JSON.stringify(view);
    const took = performance.now() - from;
    const event = 'detail' in view ? 'failure' : 'status';
    for (const [client, state] of this.#clients) {
      // A slow one gets a later status, and not all of them.
      if (!state.isReady || client.send(event, data)) continue;
      state.isReady = false;
      void client.drained().then(() => (state.isReady = true));
    }
    // A client may have left and another come while it was made.
    clearTimeout(this.#timer);
    if (this.#clients.size === 0) return;
    this.#timer = setTimeout(() => void this.#send(), Math.max(interval, took * rest)).unref();
  }
}
