import { describe, expect, it } from 'vitest';
import { Strategy, type Backend, type Candidates } from '../../src/index.js';
import { answer, refusedPort, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { startInProcess } from '../support/in-process.js';
import { errorsOf, startLoad } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { expectAtRest } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

const app = (backends: readonly { readonly url: string }[], more: object = {}) => ({
  upstreams: { app: { backends: backends.map(({ url }) => url), ...more } },
});

/** Picks the last backend. */
@Strategy('last')
class Last {
  pick(candidates: Candidates): Backend {
    return candidates.at(-1)!;
  }
}

describe('a configuration that is put into force while the gateway runs', () => {
  it('holds for the requests that begin then, and not for those under way', async () => {
    const release = Promise.withResolvers<void>();
    const backend = await startBackend((_, response) => void release.promise.then(() => response.end('done')));
    const gateway = await startInProcess({
      ...app([backend]),
      routes: [{ name: 'all', upstream: 'app', headers: { response: { set: { 'X-Version': '1' } } } }],
    });
    const before = request(gateway.port);
    await backend.received();
    const { changes } = await gateway.apply({
      ...app([backend], { timeouts: { response: '8s' } }),
      routes: [{ name: 'all', upstream: 'app', headers: { response: { set: { 'X-Version': '2' } } } }],
    });
    const after = request(gateway.port);
    release.resolve();
    expect([(await before).headers['x-version'], (await after).headers['x-version']]).toEqual(['1', '2']);
    const told = [
      'upstream app: timeouts.response 30s (default) → 8s',
      'route all: headers.response.set.x-version 1 → 2',
    ];
    expect(changes).toEqual(told);
    for (const line of told) await gateway.waitForLog(({ msg }) => msg === line);
    expect(gateway.gateway.config.upstreams.get('app')?.timeouts.response).toBe(8_000);
  });

  it('loses no request when backends come and go under load', async () => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(name => startScripted(name)));
    const gateway = await startInProcess(app([a!, b!]));
    const load = startLoad(gateway.port, { connections: 8 });
    const sets = [[b!, c!], [c!], [a!, b!, c!], [a!], [a!, c!]];
    for (let round = 0; round < 20; round++) {
      const before = load.answers.length;
      await gateway.apply(app(sets[round % sets.length]!));
      await eventually(() => load.answers.length > before + 20);
    }
    await load.stop();
    expect(errorsOf(load.answers)).toEqual({});
    const gone = load.answers.length;
    await gateway.apply(app([b!]));
    const last = startLoad(gateway.port, { connections: 2, count: 20 });
    await last.ended;
    expect([gone > 400, new Set(last.answers.map(({ backend }) => backend))]).toEqual([true, new Set(['b'])]);
    await expectAtRest(gateway);
  });

  it('lets tunnels and event streams live, and ends those whose backend or route is gone after shutdown.grace', async () => {
    const [sockets, events, other] = [
      await startWebSocketBackend(),
      await startEventBackend(),
      await startScripted('x'),
    ];
    const file = (names: readonly string[], grace: string): object => ({
      shutdown: { grace },
      upstreams: {
        sockets: { backends: [{ id: names.includes('ws') ? 'one' : 'two', url: sockets.url }] },
        events: { backends: [events.url] },
        other: { backends: [other.url] },
      },
      routes: [
        { name: 'ws', match: { path: '/ws' }, upstream: 'sockets' },
        ...(names.includes('sse') ? [{ name: 'sse', match: { path: '/sse' }, upstream: 'events' }] : []),
        { name: 'rest', match: { path: '/*' }, upstream: 'other', timeouts: { response: `${names.length + 1}s` } },
      ],
    });
    const gateway = await startInProcess(file(['ws', 'sse'], '1h'));
    const tunnel = await openWebSocket(gateway.port, { path: '/ws' });
    const stream = await openStream(gateway.port, { path: '/sse' });
    await events.send('data: 1\n\n');
    await stream.until('data: 1\n\n');
    await gateway.apply({ ...file(['ws', 'sse', 'x'], '1h') });
    await events.send('data: 2\n\n');
    await stream.until('data: 1\n\ndata: 2\n\n');
    expect(await tunnel.ask('still there')).toBe('still there');
    await gateway.apply(file([], '150ms'));
    expect((await request(gateway.port, { path: '/sse' })).text).toContain('x GET /sse');
    expect((await tunnel.closed())[0]).toBe(1001);
    await eventually(() => stream.ended === 'end');
    await expectAtRest(gateway);
  });

  it('that names what the application does not have changes nothing, and shows in log, health and metrics', async () => {
    const backend = await startBackend(answer(200, 'fine'));
    const gateway = await startInProcess(app([backend]), { imports: [] });
    const applied = gateway.apply(app([backend], { strategy: 'last', timeouts: { response: '1s' } }));
    await expect(applied).rejects.toThrow('upstreams.app.strategy');
    expect((await request(gateway.port)).text).toBe('fine');
    await gateway.waitForLog(
      ({ msg, level }) => level === 50 && msg!.includes('configuration not changed: upstreams.app.strategy'),
    );
    const health = await request(gateway.adminPort, { path: '/health' });
    expect([health.status, health.text]).toEqual([200, expect.stringContaining('not changed: upstreams.app.strategy')]);
    expect(await gateway.metric('gatehouse_config_reload_success')).toBe(0);
    await gateway.apply(app([backend], { timeouts: { response: '1s' } }));
    expect(await gateway.metric('gatehouse_config_reload_success')).toBe(1);
    expect((await request(gateway.adminPort, { path: '/health' })).text).not.toContain('not changed');
    expect(await gateway.metric('gatehouse_config_reloads_total', { result: 'refused' })).toBe(1);
  });

  it('may use another strategy, which modules of the application have', async () => {
    const [a, b] = await Promise.all(['a', 'b'].map(name => startScripted(name)));
    const gateway = await startInProcess(app([a!, b!]), { imports: [{ module: class Mine {}, providers: [Last] }] });
    await gateway.apply(app([a!, b!], { strategy: 'last' }));
    const load = startLoad(gateway.port, { count: 10 });
    await load.ended;
    expect(new Set(load.answers.map(({ backend }) => backend))).toEqual(new Set(['b']));
  });

  it('gives a request that waits for a backend the new one', async () => {
    const never = await startBackend(() => {});
    const fine = await startBackend(answer(200, 'fine'));
    const limits = { connections: { max: 1, queueTimeout: '20s' } };
    const gateway = await startInProcess(app([never], limits));
    void request(gateway.port).catch(() => {});
    await never.received();
    const waiting = request(gateway.port);
    await eventually(async () => (await gateway.metric('gatehouse_pool_pending')) === 1);
    await gateway.apply(app([fine], limits));
    expect((await waiting).text).toBe('fine');
  });

  it('keeps what is known of backends that stay: open circuits, counts of limits, kept connections', async () => {
    const good = await startBackend(answer(200, 'fine'));
    const dead = `http://127.0.0.1:${await refusedPort()}`;
    const file = (response: string, limit = 1_000): object => ({
      upstreams: {
        bad: { backends: [dead], circuitBreaker: { volumeThreshold: 3, openFor: '1h' }, retries: { attempts: 1 } },
        good: { backends: [good.url], timeouts: { response } },
      },
      routes: [
        { name: 'bad', match: { path: '/bad' }, upstream: 'bad' },
        { name: 'good', match: { path: '/*' }, upstream: 'good', security: { rateLimit: { limit: 5, per: '1h' } } },
        { name: 'new', match: { path: '/new' }, upstream: 'good', security: { rateLimit: { limit, per: '1h' } } },
      ],
    });
    const gateway = await startInProcess(file('9s'));
    for (let n = 0; n < 3; n++) await request(gateway.port, { path: '/bad' });
    expect((await request(gateway.port, { path: '/bad' })).status).toBe(503);
    for (let n = 0; n < 4; n++) expect((await request(gateway.port, { path: '/a' })).status).toBe(200);
    await gateway.apply(file('8s', 2_000));
    expect((await request(gateway.port, { path: '/bad' })).status).toBe(503);
    const statuses = [];
    for (let n = 0; n < 2; n++) statuses.push((await request(gateway.port, { path: '/a' })).status);
    expect(statuses).toEqual([200, 429]);
    expect([await gateway.metric('gatehouse_circuit_state', { upstream: 'bad' }), good.connections]).toEqual([2, 1]);
  });

  it('is refused before the gateway has started, and once it ends', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess(app([backend]));
    await gateway.stop();
    await expect(gateway.apply(app([backend], { timeouts: { response: '1s' } }))).rejects.toThrow('shutting down');
  });
});
