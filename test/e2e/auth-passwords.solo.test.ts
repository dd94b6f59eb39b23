import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { startWithAuth } from '../support/auth-scene.js';
import { basic, phc } from '../support/password.js';
import { expectAtRest } from '../support/scene.js';

describe('a route that asks for a password', () => {
  it('takes as long for a user who does not exist', async () => {
    const { ask } = await startWithAuth({ basic: { users: [{ name: 'ops', scrypt: phc('right', 14) }] } });
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let i = 0; i < 8; i++) {
      for (const [who, name] of [
        ['known', 'ops'],
        ['unknown', `unknown-${i}`],
      ] as const) {
        const from = performance.now();
        await ask(basic(name, `wrong-${i}`));
        times[who].push(performance.now() - from);
      }
    }
    const [known, unknown] = [Math.min(...times.known), Math.min(...times.unknown)];
    expect(unknown).toBeGreaterThan(known / 4);
    expect(unknown).toBeLessThan(known * 4);
  });

  it('stays quick for all others while 50 guess at once, and does not let their queue grow', async () => {
    const { ask, gateway } = await startWithAuth(
      { basic: { users: [{ name: 'ops', scrypt: phc('right', 13) }] } },
      {
        routes: [
          { match: { path: '/open' }, upstream: 'app', security: { auth: { mode: 'off' } } },
          { match: { path: '/*' }, upstream: 'app' },
        ],
      },
    );
    expect((await ask(basic('ops', 'right'))).status).toBe(200);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    let guessing = true;
    const guesses = Promise.all(Array.from({ length: 50 }, (_, i) => ask(basic('ops', `guess-${i}`)))).finally(() => {
      guessing = false;
    });
    let others = 0;
    const slowest = { open: 0, known: 0 };
    while (guessing) {
      for (const [who, headers, path] of [
        ['open', {}, '/open'],
        ['known', basic('ops', 'right'), '/'],
      ] as const) {
        const from = performance.now();
        expect((await ask(headers, path)).status).toBe(200);
        slowest[who] = Math.max(slowest[who], performance.now() - from);
        others++;
      }
    }
    delay.disable();
    const statuses = (await guesses).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
    // Two at work and the eight that may wait for one address.
    expect(statuses.filter(status => status === 401).length).toBeGreaterThanOrEqual(10);
    const busy = (await guesses).find(({ status }) => status === 503)!;
    expect([busy.header('x-gateway-error'), busy.header('retry-after')]).toEqual(['AUTH_UNAVAILABLE', '1']);
    // On the event loop each of the checks would stop everything for some ten milliseconds.
    expect(others).toBeGreaterThan(2);
    expect(delay.percentile(50) / 1e6).toBeLessThan(100);
    expect(Math.max(slowest.open, slowest.known)).toBeLessThan(3000);
    await expectAtRest(gateway);
  });

  it('lets a user in who comes while 60 connections of one network guess', async () => {
    const { ask } = await startWithAuth(
      { basic: { users: [{ name: 'ops', scrypt: phc('right', 13) }] } },
      { trustedProxies: ['127.0.0.1'] },
    );
    const from = async (client: string, password: string): Promise<number> =>
      (await ask({ ...basic('ops', password), 'x-forwarded-for': client })).status;
    const guesses = Array.from({ length: 60 }, (_, i) => from(`2001:db8:0:7::${i.toString(16)}`, `guess ${i}`));
    // One that is refused for want of room: there are as many before the user as can be.
    expect(await Promise.race(guesses)).toBe(503);
    expect(await Promise.all([from('203.0.113.1', 'right'), from('2001:db8:0:8::1', 'almost')])).toEqual([200, 401]);
    expect((await Promise.all(guesses)).filter(status => status === 401).length).toBeLessThan(20);
  });
});
