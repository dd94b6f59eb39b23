import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { TailFilter } from '../../logging/tail/tail-filter.js';
import { ADMIN_SOURCES, type AdminSources } from '../admin-sources.js';
import { EventFeed } from './event-feed.js';

/** Watchers at once: each exchange is compared with the filter of each. */
const most = 8;

/**
 * Sends the exchanges that end to watchers: an event `exchange` for each, with its access line as data, and `dropped` with how many were left
 * out because the client reads too slowly. What waits for a client waits in the threads, within their bounds.
 */
@Injectable()
export class TailFeed {
  readonly #watching = new Set<number>();
  #last = 0;

  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  /** @throws HttpException 503 when there are too many watchers. */
  feed(filter: TailFilter): EventFeed {
    if (this.#watching.size >= most)
      throw new HttpException({ detail: `${most} clients watch already: end one of them first.` }, 503);
    return new EventFeed(client => {
      const id = ++this.#last;
      this.#watching.add(id);
      this.sources.tails.watch(id, filter, ({ dropped, lines }, next) => {
        for (const line of lines) client.send('exchange', line);
        if (dropped > 0) client.send('dropped', JSON.stringify({ dropped }));
        void client.drained().then(next);
      });
      return () => {
        this.#watching.delete(id);
        this.sources.tails.unwatch(id);
      };
    });
  }
}
