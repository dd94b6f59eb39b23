import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Backend, Candidates } from '../upstream/backend.js';
import { LoadBalancer } from './load-balancer.js';
import { StickySession, type StickyOptions } from './sticky-session.js';
import { testBackends, testRequest } from './testing.js';

const options: StickyOptions = {
  cookie: 'gw_backend',
  ttl: 0,
  httpOnly: true,
  secure: 'auto',
  sameSite: 'lax',
};
const hour = 3_600_000;
const first = { pick: (candidates: Candidates): Backend => candidates[0] };

function setUp(changes: Partial<StickyOptions> = {}, upstream = 'orders') {
  const candidates = testBackends(1, 1, 1);
  const sut = new LoadBalancer(first, new StickySession(upstream, { ...options, ...changes }));
  const cookieOf = (backend: Backend): string => sut.cookieFor(backend, testRequest(), false)?.split(';')[0] ?? '';
  return { sut, candidates, cookieOf };
}

describe('a load balancer without sticky sessions', () => {
  it('leaves the choice to the strategy and sets no cookie', () => {
    const candidates = testBackends(1, 1);
    const balancer = new LoadBalancer(first);
    const request = testRequest({ headers: { cookie: 'gw_backend=0123456789abcdef' } });
    expect(balancer.pick(candidates, request)).toBe(candidates[0]);
    expect(balancer.cookieFor(candidates[0], request, true)).toBeUndefined();
  });

  it('reports to the strategy how attempts ended, if the strategy has `settled`', () => {
    const [backend] = testBackends(1);
    const settlements: unknown[] = [];
    const curious = { ...first, settled: (...all: unknown[]) => void settlements.push(all) };
    new LoadBalancer(curious).settled(backend, 'success', 12);
    new LoadBalancer(first).settled(backend, 'success', 12);
    expect(settlements).toEqual([[backend, 'success', 12]]);
  });
});

describe('a sticky session', () => {
  it('brings a client back to the backend that its cookie names', () => {
    const { sut, candidates, cookieOf } = setUp();
    for (const backend of candidates) {
      const request = testRequest({ headers: { cookie: `theme=dark; ${cookieOf(backend)}` } });
      expect(sut.pick(candidates, request)).toBe(backend);
      expect(sut.cookieFor(backend, request, false)).toBeUndefined();
    }
  });

  it('survives a change of the other backends', () => {
    const { sut, candidates, cookieOf } = setUp();
    const [, second, third] = candidates as unknown as [Backend, Backend, Backend];
    const request = testRequest({ headers: { cookie: cookieOf(third) } });
    expect(sut.pick([second, third], request)).toBe(third);
  });

  it('gives the client another backend, and a new cookie, when its own is not available', () => {
    const { sut, candidates, cookieOf } = setUp();
    const [gone, ...rest] = candidates;
    const request = testRequest({ headers: { cookie: cookieOf(gone) } });
    const picked = sut.pick(rest as unknown as Candidates, request);
    expect(picked).toBe(rest[0]);
    expect(sut.cookieFor(picked, request, false)).toContain(cookieOf(picked));
  });

  it.each(['', 'gw_backend=', 'gw_backend=backend-1', 'gw_backend=0123456789abcdef', 'other=1'])(
    'is not fooled by the cookie %j',
    cookie => {
      const { sut, candidates } = setUp();
      const request = testRequest({ headers: { cookie } });
      expect(sut.pick(candidates, request)).toBe(candidates[0]);
      expect(sut.cookieFor(candidates[0], request, false)).toBeDefined();
    },
  );

  it('names no backend in the cookie, and another token for each upstream', () => {
    const { candidates, cookieOf } = setUp();
    expect(cookieOf(candidates[0])).toMatch(/^gw_backend=[0-9a-f]{16}$/);
    expect(new Set(candidates.map(cookieOf)).size).toBe(3);
    expect(setUp({}, 'payments').cookieOf(candidates[0])).not.toBe(cookieOf(candidates[0]));
  });

  it('sets the attributes that were asked for', () => {
    const cookie = (changes: Partial<StickyOptions>, secure: boolean) => {
      const { sut, candidates } = setUp(changes);
      return sut.cookieFor(candidates[0], testRequest(), secure)?.replace(/=[0-9a-f]{16}(\.[0-9a-z]+)?;/, '=T;');
    };
    expect(cookie({}, false)).toBe('gw_backend=T; Path=/; HttpOnly; SameSite=Lax');
    expect(cookie({ ttl: hour }, true)).toBe('gw_backend=T; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure');
    expect(cookie({ secure: true, sameSite: 'none' }, false)).toMatch(/; SameSite=None; Secure$/);
    expect(cookie({ secure: false, sameSite: 'strict' }, true)).toMatch(/; SameSite=Strict$/);
    expect(cookie({ httpOnly: false, cookie: 'at' }, false)).toBe('at=T; Path=/; SameSite=Lax');
    expect(cookie({ ttl: 1 }, false)).toContain('; Max-Age=1;');
  });

  it('lasts as long as the client keeps coming back, where it has a time to live', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const sut = new LoadBalancer(first, new StickySession('orders', { ...options, ttl: hour }));
    const [backend] = testBackends(1);
    const candidates: Candidates = [backend];
    let cookie = '';
    let setAt = 0;
    let sets = 0;
    // A request each minute for ten hours: the client never finds its cookie expired.
    for (let minute = 0; minute < 600; minute++, vi.advanceTimersByTime(60_000)) {
      const request = testRequest({ headers: cookie === '' ? {} : { cookie } });
      expect(cookie === '' || Date.now() - setAt < hour).toBe(true);
      expect(sut.pick(candidates, request)).toBe(backend);
      const set = sut.cookieFor(backend, request, false);
      if (set === undefined) continue;
      expect(set).toContain('; Max-Age=3600;');
      [cookie, setAt, sets] = [set.split(';')[0]!, Date.now(), sets + 1];
    }
    // Eight times an hour, not at each answer: caches keep away from answers that set cookies.
    expect(sets).toBeGreaterThanOrEqual(80);
    expect(sets).toBeLessThanOrEqual(82);
  });

  it('is kept by a cookie from before or after a time to live was configured, and renewed once', () => {
    const { candidates, cookieOf } = setUp();
    const dated = setUp({ ttl: hour });
    const old = testRequest({ headers: { cookie: cookieOf(candidates[1]!) } });
    expect(dated.sut.pick(dated.candidates, old).id).toBe(candidates[1]!.id);
    expect(dated.sut.cookieFor(dated.candidates[1]!, old, false)).toContain('; Max-Age=3600;');
    const { sut } = setUp();
    const withDate = testRequest({ headers: { cookie: dated.cookieOf(dated.candidates[1]!) } });
    expect(sut.pick(candidates, withDate)).toBe(candidates[1]);
    expect(sut.cookieFor(candidates[1]!, withDate, false)).toBeUndefined();
  });
});
