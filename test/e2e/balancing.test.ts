import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, answer, refusedPort, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { countOf, send } from './traffic.js';

/** Requests where a share is told apart from another only by chance. */
const count = 300;

/** Backends that answer with their names. */
async function startNamed(...names: string[]): Promise<TestBackend[]> {
  return Promise.all(names.map(name => startBackend(answer(200, name))));
}

/** A backend that answers with its name, each time so many milliseconds late. */
async function startLate(name: string, delay: number): Promise<TestBackend> {
  return startBackend(async (_request, response) => {
    await pause(delay);
    response.end(name);
  });
}

describe('requests through the gateway', () => {
  let gateway: InProcessGateway;
  let second: InProcessGateway;
  let shadow: TestBackend;

  const port = (upstream: string, of = gateway): number => of.ports[upstream] ?? 0;

  beforeAll(async () => {
    const [a, b, c, d, late, later, spare] = await Promise.all([
      ...['a', 'b', 'c', 'd'].map(name => startBackend(answer(200, name))),
      // Far apart, also for a busy machine.
      startLate('late', 20),
      startLate('later', 120),
      startBackend(answer(200, 'spare')),
    ]);
    const [stable, canary] = await startNamed('stable', 'canary');
    shadow = await startBackend(answer(500, 'the shadow says no'), { keepBody: 0 });
    const url = (backend: TestBackend | undefined): string => backend?.url ?? '';
    const equal = [url(a), url(b), url(c), url(d)];
    const weighted = [a, b, c].map((backend, index) => ({ url: url(backend), weight: [5, 3, 2][index] }));
    const upstreams = {
      'round-robin': { backends: weighted },
      random: { strategy: 'random', backends: weighted },
      'least-connections': { strategy: 'least-connections', backends: [url(late), url(later)] },
      'power-of-two-choices': { strategy: 'power-of-two-choices', backends: [url(late), url(later)] },
      'peak-ewma': { strategy: 'peak-ewma', backends: [url(a), url(b), url(later)] },
      'ip-hash': { strategy: 'ip-hash', backends: equal },
      'consistent-hash': { strategy: { name: 'consistent-hash', key: 'header:x-user' }, backends: equal },
      sticky: { sticky: { cookie: 'gw_backend' }, backends: equal },
      backup: { backends: [url(a), url(b), { url: url(spare), backup: true }] },
      stable: { backends: [url(stable)] },
      canary: { backends: [url(canary)] },
      shadow: { backends: [url(shadow)] },
      dead: { backends: [`http://127.0.0.1:${await refusedPort()}`] },
    };
    const config = (served: object): object => ({
      trustedProxies: ['127.0.0.1'],
      logging: { access: { enabled: false } },
      listeners: Object.keys(served).map(name => ({ name, host: '127.0.0.1', port: 0 })),
      upstreams: served,
      routes: [
        ...Object.keys(served).map(name => ({
          name,
          match: { path: '/*', hosts: [`${name}.example`] },
          upstream: name,
        })),
        ...('stable' in served
          ? [
              {
                name: 'split',
                match: { path: '/split' },
                split: [
                  { upstream: 'stable', weight: 95 },
                  { upstream: 'canary', weight: 5 },
                ],
              },
              {
                name: 'mirrored',
                match: { path: '/mirrored' },
                upstream: 'stable',
                mirror: { upstream: 'shadow', share: '100%' },
              },
              {
                name: 'a-tenth',
                match: { path: '/a-tenth' },
                upstream: 'stable',
                mirror: { upstream: 'shadow', share: '10%' },
              },
              {
                name: 'unmirrored',
                match: { path: '/dead-mirror' },
                upstream: 'stable',
                mirror: { upstream: 'dead', share: '100%' },
              },
            ]
          : []),
      ],
    });
    const fewer = { ...upstreams['consistent-hash'], backends: equal.slice(0, 3) };
    [gateway, second] = await Promise.all([
      startInProcess(config(upstreams)),
      startInProcess(config({ 'consistent-hash': fewer })),
    ]);
  });

  /** Sends requests to one upstream and gives the share of each of its backends. */
  async function share(upstream: string, options: { count?: number; connections?: number } = {}) {
    const headers = () => ({ host: `${upstream}.example` });
    return countOf(await send(port(upstream), { count, headers, ...options }));
  }

  it('are shared by round-robin exactly by weight', async () => {
    expect(await share('round-robin', { count: 100 })).toEqual({ a: 50, b: 30, c: 20 });
  });

  it('are shared by random nearly by weight', async () => {
    const shares = await share('random');
    // Five standard deviations of the binomial distribution: crossed by chance in one run of some half a million.
    for (const [name, p] of Object.entries({ a: 0.5, b: 0.3, c: 0.2 })) {
      const bound = 5 * Math.sqrt(count * p * (1 - p));
      expect(Math.abs((shares[name] ?? 0) - count * p)).toBeLessThan(bound);
    }
  });

  it.each(['least-connections', 'power-of-two-choices'])('go by %s to the backend that is free sooner', async name => {
    const { late = 0, later = 0 } = await share(name, { connections: 64 });
    expect(late + later).toBe(count);
    expect(late).toBeGreaterThan(1.3 * later);
    expect(later).toBeGreaterThan(count / 20);
  });

  it('leave a slow backend alone by peak-ewma', async () => {
    const { a = 0, b = 0, later = 0 } = await share('peak-ewma');
    expect(a + b + later).toBe(count);
    expect(later).toBeLessThan(count / 10);
    expect(Math.min(a, b)).toBeGreaterThan(count / 5);
  });

  it('go by ip-hash to one backend for one client, and to all of them for many', async () => {
    const clients = 100;
    const rounds = 3;
    expect(Object.values(await share('ip-hash', { count: 100 }))).toEqual([100]);
    const many = await send(port('ip-hash'), {
      count: clients * rounds,
      headers: number => ({
        host: 'ip-hash.example',
        'x-forwarded-for': `10.1.0.${number % clients}`,
      }),
    });
    const shares = countOf(many.slice(0, clients));
    expect(Object.keys(shares).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    // A share of 100 clients has a standard deviation of 4.3 around 25; five of those.
    for (const requests of Object.values(shares)) expect(Math.abs(requests - 25)).toBeLessThan(5 * 4.3);
    for (let number = clients; number < many.length; number++) expect(many[number]).toBe(many[number % clients]);
  });

  it('keep their backend by consistent-hash; when one leaves, only its own move', async () => {
    const users = 100;
    const headers = (number: number) => ({ host: 'consistent-hash.example', 'x-user': `user-${number % users}` });
    const before = await send(port('consistent-hash'), { count: 2 * users, headers });
    for (let number = users; number < before.length; number++) expect(before[number]).toBe(before[number % users]);
    expect(Object.keys(countOf(before)).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    const after = await send(port('consistent-hash', second), { count: users, headers });
    for (let user = 0; user < users; user++) {
      if (before[user] === 'd') expect(after[user]).not.toBe('d');
      else expect(after[user]).toBe(before[user]);
    }
    expect(Object.keys(countOf(after.filter((_, user) => before[user] === 'd'))).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('stay with a cookie at the backend that they were first sent to', async () => {
    const host = { host: 'sticky.example' };
    const first = await request(port('sticky'), { headers: host });
    const cookie = first.header('set-cookie') ?? '';
    expect(cookie).toMatch(/^gw_backend=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(cookie).not.toContain('127.0.0.1');
    const pair = cookie.split(';')[0] ?? '';
    const headers = () => ({ ...host, cookie: `theme=dark; ${pair}; other=1` });
    expect(countOf(await send(port('sticky'), { count: 100, headers }))).toEqual({ [first.text]: 100 });
    const again = await request(port('sticky'), { headers: headers() });
    expect(again.header('set-cookie')).toBeUndefined();
    const forged = await request(port('sticky'), { headers: { ...host, cookie: 'gw_backend=forged' } });
    expect(forged.header('set-cookie')).toMatch(/^gw_backend=/);
    expect(Object.keys(await share('sticky', { count: 100 })).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('never go to a backup while others are there', async () => {
    expect(await share('backup', { count: 100 })).toEqual({ a: 50, b: 50 });
  });

  it('are split among upstreams exactly by weight', async () => {
    const split = await send(port('stable'), { count: 200, path: '/split' });
    expect(countOf(split)).toEqual({ stable: 190, canary: 10 });
  });

  it('are copied to a mirror, whose answers are discarded', async () => {
    const answers = await send(port('stable'), { count: 100, path: '/mirrored' });
    expect(countOf(answers)).toEqual({ stable: 100 });
    await shadow.received(100);
    expect(shadow.requests.filter(({ url }) => url === '/mirrored')).toHaveLength(100);
    const post = { method: 'POST', path: '/mirrored', body: 'the same body' };
    expect((await request(port('stable'), post)).text).toBe('stable');
    await shadow.received(101);
    expect(shadow.last).toMatchObject({ method: 'POST', bodyLength: 13 });
  });

  it('are copied by chance when only a share is to be', async () => {
    const before = shadow.requests.length;
    await send(port('stable'), { count, path: '/a-tenth' });
    // A copy is sent together with its request, so that of this last one comes after the others.
    await request(port('stable'), { path: '/mirrored' });
    await eventually(() => shadow.requests.slice(before).some(({ url }) => url === '/mirrored'));
    const copies = shadow.requests.filter(({ url }) => url === '/a-tenth').length;
    expect(Math.abs(copies - count / 10)).toBeLessThan(5 * Math.sqrt(count * 0.1 * 0.9));
  });

  it('do not notice a mirror that is dead', async () => {
    expect(countOf(await send(port('stable'), { count: 100, path: '/dead-mirror' }))).toEqual({ stable: 100 });
  });
});
