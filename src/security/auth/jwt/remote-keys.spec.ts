import { generateKeyPairSync } from 'node:crypto';
import { errors, exportJWK, type FlattenedJWSInput } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeysUnavailable, RemoteKeys } from './remote-keys.js';

const times = { refresh: 600_000, cooldown: 10_000, retry: 1000, maxRetry: 30_000 };
const token: FlattenedJWSInput = { payload: '', signature: '' };
let jwk: object;

beforeAll(async () => {
  jwk = await exportJWK(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
});
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const setOf = (...kids: string[]): string => JSON.stringify({ keys: kids.map(kid => ({ ...jwk, kid })) });

function keysFrom(answer: { now: string | Error }) {
  const heard: (string | undefined)[] = [];
  let fetches = 0;
  const fetch = (): Promise<string> => {
    fetches++;
    return answer.now instanceof Error ? Promise.reject(answer.now) : Promise.resolve(answer.now);
  };
  const keys = new RemoteKeys(fetch, { fetched: problem => heard.push(problem) }, times);
  const find = (kid: string): Promise<unknown> => keys.find({ alg: 'ES256', kid }, token);
  return { keys, find, heard, fetches: () => fetches };
}

describe('the keys of an issuer', () => {
  it('are fetched at start and every ten minutes, and caches of tokens are told of a change', async () => {
    const answer = { now: setOf('a') };
    const { keys, find, fetches } = keysFrom(answer);
    keys.start();
    keys.start();
    expect(await find('a')).toBeDefined();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([fetches(), keys.version]).toEqual([2, 1]);
    answer.now = setOf('b');
    await vi.advanceTimersByTimeAsync(600_000);
    expect([fetches(), keys.version]).toEqual([3, 2]);
    expect(await find('b')).toBeDefined();
    keys.end();
  });

  it('are fetched again at growing intervals while the issuer does not give them', async () => {
    const answer: { now: string | Error } = { now: new Error('refused') };
    const { keys, find, fetches, heard } = keysFrom(answer);
    keys.start();
    await expect(find('a')).rejects.toThrow(KeysUnavailable);
    const counts: number[] = [];
    for (const wait of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      await vi.advanceTimersByTimeAsync(wait - 1);
      counts.push(fetches());
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7]);
    answer.now = setOf('a');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await find('a')).toBeDefined();
    expect(heard.at(0)).toBe('refused');
    expect(heard.at(-1)).toBeUndefined();
    keys.end();
  });

  it('are fetched once in ten seconds for unknown keys, and all waiting requests share the fetch', async () => {
    const answer = { now: setOf('a') };
    const { keys, find, fetches } = keysFrom(answer);
    await find('a');
    const all = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => find(`unknown-${i}`)));
    expect(all.every(({ status }) => status === 'rejected')).toBe(true);
    expect(fetches()).toBe(2);
    answer.now = setOf('a', 'new');
    await vi.advanceTimersByTimeAsync(9999);
    await expect(find('new')).rejects.toThrow(errors.JWKSNoMatchingKey);
    expect(fetches()).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(await find('new')).toBeDefined();
    expect(fetches()).toBe(3);
    keys.end();
  });

  it('stay in use while the issuer gives none; unknown ones may be good then', async () => {
    const answer: { now: string | Error } = { now: setOf('a') };
    const { keys, find } = keysFrom(answer);
    await find('a');
    for (const bad of [new Error('gone'), 'no JSON', '{}', '{"keys":[]}', setOf(...Array(101).fill('a'))]) {
      answer.now = bad;
      await vi.advanceTimersByTimeAsync(600_000);
      expect(await find('a')).toBeDefined();
      await expect(find('b')).rejects.toThrow(KeysUnavailable);
    }
    keys.end();
  });

  it('that are retired are fetched no more by themselves, and are still there for what asks', async () => {
    const answer = { now: setOf('a') };
    const { keys, find, fetches } = keysFrom(answer);
    await find('a');
    await keys.retire();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(fetches()).toBe(1);
    expect(await find('a')).toBeDefined();
    answer.now = setOf('a', 'new');
    expect(await find('new')).toBeDefined();
    expect([fetches(), vi.getTimerCount()]).toEqual([2, 0]);
  });

  it('that are retired before they have come still come for the request that waits for them, and nothing is logged', async () => {
    const answer = Promise.withResolvers<string>();
    const heard: unknown[] = [];
    const keys = new RemoteKeys(() => answer.promise, { fetched: problem => heard.push(problem) }, times);
    const waiting = keys.find({ alg: 'ES256', kid: 'a' }, token);
    let isOver = false;
    const over = keys.retire().then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(isOver).toBe(false);
    answer.resolve(setOf('a'));
    await over;
    expect(await waiting).toBeDefined();
    expect([heard, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('leave no timer behind at the end, and no waiting request', async () => {
    const never = new RemoteKeys(() => new Promise(() => undefined), { fetched: () => undefined }, times);
    never.start();
    const waiting = never.find({ alg: 'ES256', kid: 'a' }, token);
    never.end();
    await expect(waiting).rejects.toThrow(KeysUnavailable);
    const { keys, find } = keysFrom({ now: setOf('a') });
    await find('a');
    keys.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
