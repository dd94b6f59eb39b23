import { HttpException } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExchangeRecord } from '../../http/exchange-record.js';
import { Tail } from '../../logging/tail/tail.js';
import type { AdminSources } from '../admin-sources.js';
import type { LiveViews } from '../live/live-views.js';
import type { FeedClient } from './event-feed.js';
import { LiveFeed } from './live-feed.js';
import { TailFeed } from './tail-feed.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client that notes what it gets. `isSlow`: it takes nothing until `take` is called. */
function client(isSlow = false) {
  const got: [event: string, data: string][] = [];
  let taken = Promise.withResolvers<void>();
  const sut: FeedClient = {
    send: (event, data) => (got.push([event, data]), !isSlow),
    drained: () => (isSlow ? taken.promise : Promise.resolve()),
  };
  const take = async (): Promise<void> => {
    taken.resolve();
    taken = Promise.withResolvers<void>();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { sut, got, take };
}

describe('the live feed', () => {
  function setUp() {
    let made = 0;
    const views = { status: async () => ({ number: ++made }) } as unknown as LiveViews;
    return { feed: new LiveFeed(views), made: () => made };
  }

  it('makes one status a second for all its clients, and none while it has none', async () => {
    const { feed, made } = setUp();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(made()).toBe(0);
    const [one, two] = [client(), client()];
    const ends = [one, two].map(({ sut }) => feed.feed().begin(sut));
    await vi.advanceTimersByTimeAsync(2_500);
    expect([made(), one.got.length, two.got.length]).toEqual([3, 3, 3]);
    expect(one.got[0]).toEqual(['status', '{"number":1}']);
    for (const end of ends) end();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([made(), vi.getTimerCount()]).toEqual([3, 0]);
  });

  it('sends a slow client no more than it takes', async () => {
    const { feed } = setUp();
    const { got, sut, take } = client(true);
    feed.feed().begin(sut);
    await vi.advanceTimersByTimeAsync(3_500);
    expect(got).toHaveLength(1);
    await take();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(got.map(([, data]) => data)).toEqual(['{"number":1}', '{"number":5}']);
  });

  it('takes sixteen clients at once', () => {
    const { feed } = setUp();
    for (let count = 0; count < 16; count++) feed.feed().begin(client().sut);
    expect(() => feed.feed()).toThrow(HttpException);
  });
});

describe('the feed of requests that end', () => {
  const counts = { attempts: 1, bytesIn: 0, bytesOut: 0, status: 200 };
  const record = { ...counts, headers: {}, times: { openedAt: 0, closedAt: 1 } } as unknown as ExchangeRecord;

  it('holds what comes while its client is slow, and tells it what was left out', async () => {
    const tail = new Tail();
    const feed = new TailFeed({ tails: tail } as unknown as AdminSources);
    const { got, sut, take } = client(true);
    const end = feed.feed({}).begin(sut);
    tail.closed(record);
    await vi.advanceTimersByTimeAsync(100);
    for (let count = 0; count < 501; count++) tail.closed(record);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(got).toHaveLength(1);
    await take();
    await vi.advanceTimersByTimeAsync(100);
    expect([got.length, got.at(-1)]).toEqual([502, ['dropped', '{"dropped":1}']]);
    end();
    expect(tail.isWatched).toBe(false);
  });
});
