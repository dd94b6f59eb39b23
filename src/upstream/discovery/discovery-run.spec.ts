import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BackendDiscovery, FoundBackend } from './discovery.js';
import { DiscoveryRun } from './discovery-run.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Publish = Parameters<BackendDiscovery['watch']>[0];
type Failed = Parameters<BackendDiscovery['watch']>[2];

/** A run of a discovery that does what the test says in each call, with what came of it. */
function start(
  watch?: (call: number) => void | Promise<void>,
  refusal: (id: string) => string | undefined = () => undefined,
) {
  const calls: { publish: Publish; signal: AbortSignal; failed: Failed }[] = [];
  const heard: string[] = [];
  const discovery: BackendDiscovery = {
    watch(publish, signal, failed) {
      calls.push({ publish, signal, failed });
      return watch?.(calls.length);
    },
  };
  const run = new DiscoveryRun(discovery, {
    found: backends => heard.push(backends.map(({ id }) => id).join()),
    answered: () => heard.push('fine'),
    failed: reason => heard.push(`failed: ${reason}`),
    refusal: ({ id }) => refusal(id),
  });
  run.start();
  /** What was heard since it was asked last. */
  const news = () => heard.splice(0);
  return { calls, news, run, publish: (list: unknown) => calls.at(-1)!.publish(list as readonly FoundBackend[]) };
}
const url = (host: string, more: object = {}) => ({ url: `http://${host}:80`, ...more });

describe('what a discovery publishes', () => {
  it('is told when it is another list, and that it came each time', () => {
    const { news, publish } = start();
    publish([url('a'), url('b')]);
    expect(news()).toEqual(['a:80,b:80', 'fine']);
    publish([url('a'), url('b')]);
    expect(news()).toEqual(['fine']);
    publish([url('a'), url('b', { weight: 2 })]);
    expect(news()).toEqual(['a:80,b:80', 'fine']);
    publish([]);
    expect(news()).toEqual(['', 'fine']);
  });

  it('is copied, so that it may go on changing its list', () => {
    const { news, publish } = start();
    const list = [url('a')];
    publish(list);
    list.push(url('b'));
    publish(list);
    expect(news()).toEqual(['a:80', 'fine', 'a:80,b:80', 'fine']);
  });

  it('is a failure when it cannot be used, and the list before stays', () => {
    const { news, publish } = start(undefined, id => (id === 'me:80' ? 'it is the gateway' : undefined));
    publish([url('a')]);
    news();
    publish([url('a'), { url: 'nonsense' }, { url: 5 }]);
    publish('http://a');
    publish(null);
    publish(undefined);
    publish(Array.from({ length: 100_000 }, () => url('a')));
    publish([url('me')]);
    const circle: unknown[] = [];
    circle.push(circle);
    publish(circle);
    publish([{ url: 1n }]);
    expect(news().map(each => each.replace(/, expected.*?( \(and .*)?$/, '$1'))).toEqual([
      'failed: [1].url: found "nonsense" (and 1 more)',
      'failed: found "http://a"',
      'failed: found nothing',
      'failed: found nothing',
      'failed: found a list of 100000',
      'failed: me:80: it is the gateway',
      expect.stringContaining('failed: Converting circular structure'),
      expect.stringContaining('failed: '),
    ]);
    publish([url('a')]);
    expect(news()).toEqual(['fine']);
  });

  it('is waited for only once', async () => {
    const { run, publish } = start();
    let isThere = false;
    void run.first.then(() => (isThere = true));
    publish([{ url: 'nonsense' }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(isThere).toBe(false);
    publish([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(isThere).toBe(true);
  });
});

describe('a discovery that fails', () => {
  it('is told by what it says', () => {
    const { calls, news } = start();
    calls[0]!.failed(new Error('no route\nto host'));
    calls[0]!.failed('why not');
    calls[0]!.failed(undefined);
    calls[0]!.failed(Object.create(null));
    calls[0]!.failed(new Error('x'.repeat(10_000)));
    expect(news().map(each => each.slice(0, 400))).toEqual([
      'failed: no route',
      'failed: why not',
      'failed: undefined',
      'failed: no reason given',
      `failed: ${'x'.repeat(300)}`,
    ]);
  });

  it('by an error is called again, later and later, and soon when it has worked in between', async () => {
    const { calls, news, publish } = start(() => {
      throw new Error('no');
    });
    await vi.advanceTimersByTimeAsync(0);
    expect([calls.length, news()]).toEqual([1, ['failed: no']]);
    for (const [seconds, count] of [
      [1, 2],
      [2, 3],
      [4, 4],
      [8, 5],
      [16, 6],
      [30, 7],
      [30, 8],
    ] as const) {
      await vi.advanceTimersByTimeAsync(seconds * 1_000 - 1);
      expect(calls.length).toBe(count - 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(calls.length).toBe(count);
    }
    news();
    publish([url('late')]);
    expect([calls.every(({ signal }) => signal.aborted), news()]).toEqual([true, []]);
  });

  it('after it has worked is called again soon', async () => {
    const { calls } = start(call => {
      if (call > 4) calls.at(-1)!.publish([url('a')]);
      throw new Error('no');
    });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(calls).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls).toHaveLength(6);
  });

  it('by a promise is called again, and one that returns is not', async () => {
    const { calls } = start(async call => {
      if (call === 1) throw new Error('no');
    });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(calls).toHaveLength(2);
    expect(calls[1]!.signal.aborted).toBe(false);
  });
});

describe('a discovery that has ended', () => {
  it('is not heard any more, and leaves no timer', async () => {
    const { calls, news, run, publish } = start(() => {
      throw new Error('no');
    });
    await vi.advanceTimersByTimeAsync(0);
    news();
    run.end();
    publish([url('a')]);
    calls[0]!.failed(new Error('late'));
    expect([calls[0]!.signal.aborted, news(), vi.getTimerCount()]).toEqual([true, [], 0]);
    await run.first;
  });

  it('says nothing of the error by which its work ends', async () => {
    const { calls, news, run } = start(
      () => new Promise((_, reject) => setTimeout(() => reject(new Error('cancelled')), 10)),
    );
    run.end();
    await vi.advanceTimersByTimeAsync(100_000);
    expect([calls.length, news()]).toEqual([1, []]);
  });
});
