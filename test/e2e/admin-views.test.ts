import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type {
  ConfigView,
  ErrorListView,
  LastingListView,
  RouteView,
  StatusView,
  UpstreamView,
} from '../../src/admin/api/views.js';
import { answer, refusedPort, startBackend } from '../support/backend.js';
import { request, type RequestOptions } from '../support/client.js';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';
import { openWebSocket } from '../support/websocket-client.js';

const secrets = {
  token: 'hunter2-admin',
  header: 'hunter2-header',
  query: 'hunter2-query',
  probe: 'hunter2-probe',
  condition: 'hunter2-condition',
  key: createHash('sha256').update('a key').digest('hex'),
};

let gateway: InProcessGateway;
const headers = { authorization: `Bearer ${secrets.token}` };

const ask = (path: string, more: RequestOptions = {}) => request(gateway.adminPort, { path, headers, ...more });
const read = async <T>(path: string): Promise<T> => (await ask(path)).json<T>();

beforeAll(async () => {
  const good = await startBackend(answer(200, 'good'));
  const [sockets, events] = [await startWebSocketBackend(), await startEventBackend()];
  const dead = `http://127.0.0.1:${await refusedPort()}`;
  gateway = await startInProcess({
    admin: { host: '127.0.0.1', port: 0, token: secrets.token },
    upstreams: {
      good: {
        backends: [{ id: 'good-a', url: good.url }],
        healthCheck: { path: '/', interval: '1s', timeout: '1s', headers: { Authorization: secrets.probe } },
      },
      dead: { backends: [{ id: 'dead-a', url: dead }], retries: { attempts: 0 } },
      chat: { backends: [{ id: 'chat-a', url: sockets.url }], circuitBreaker: { enabled: false } },
      events: { backends: [{ id: 'events-a', url: events.url }] },
    },
    routes: [
      { name: 'good', match: { path: '/good' }, upstream: 'good' },
      {
        name: 'dead',
        match: { path: '/dead' },
        upstream: 'dead',
        headers: { request: { set: { 'X-Api-Key': secrets.header } } },
      },
      { name: 'chat', match: { path: '/chat' }, upstream: 'chat' },
      { name: 'events', match: { path: '/events' }, upstream: 'events' },
      {
        name: 'away',
        match: { path: '/away', headers: { 'X-Secret-Token': secrets.condition } },
        redirect: { to: 'https://away.example/' },
      },
      {
        name: 'keyed',
        match: { path: '/keyed' },
        upstream: 'good',
        security: { auth: { apiKey: { header: 'X-Key', keys: [{ id: 'ann', sha256: secrets.key }] } } },
      },
    ],
  });
  for (let count = 0; count < 3; count++) await request(gateway.port, { path: '/good' });
  const path = `/dead?token=${secrets.query}`;
  await request(gateway.port, { path, headers: { authorization: secrets.header, cookie: secrets.header } });
  await request(gateway.port, { path: '/nowhere' });
});

describe('what goes on', () => {
  it('is shown by /status: traffic, routes, upstreams, errors, threads, listeners, configuration, program', async () => {
    const status = await eventually(async () => {
      const view = await read<StatusView>('/status');
      // The second in which the requests ended is not over before.
      return view.traffic.requests === 5 && view.upstreams[0]!.backends[0]!.probe !== undefined && view;
    });
    expect(status).toMatchObject({
      state: 'ready',
      version: { pid: process.pid, node: process.version },
      configuration: { pending: [], hash: expect.stringMatching(/^[0-9a-f]{12}$/) as string },
      listeners: [{ name: 'web', url: `http://127.0.0.1:${gateway.port}` }],
      threads: [{ thread: 'main', state: 'running', inFlight: 0 }],
      streams: 0,
      tunnels: 0,
      certificates: [],
    });
    expect(status.traffic).toMatchObject({ failed: 1, statuses: { '2xx': 3, '4xx': 1, '5xx': 1 } });
    expect(status.routes).toMatchObject([
      { name: 'good', requests: 3, failed: 0 },
      { name: 'dead', requests: 1, failedShare: 1 },
      { name: 'none', requests: 1 },
    ]);
    const good = status.upstreams.find(({ name }) => name === 'good')!.backends[0]!;
    expect(good).toMatchObject({
      id: 'good-a',
      breaker: { state: 'closed' },
      probe: { result: 'healthy' },
      traffic: { requests: 3, failed: 0 },
      connections: { active: 0, idle: 1, waiting: 0 },
    });
    const seconds = status.traffic.seconds.reduce((sum, { requests }) => sum + requests, 0);
    expect([status.traffic.seconds.length, seconds]).toEqual([60, 5]);
    expect(status.errors.map(({ path }) => path).toSorted()).toEqual(['/dead', '/nowhere']);
  });

  it('is shown for each backend by /upstreams', async () => {
    const [, dead, chat] = await read<UpstreamView[]>('/upstreams');
    expect(dead!.backends).toMatchObject([{ id: 'dead-a', traffic: { requests: 1, failed: 1, failedShare: 1 } }]);
    expect(chat!.backends).toMatchObject([{ id: 'chat-a', breaker: { state: 'disabled' } }]);
  });

  it('is shown for each route by /routes', async () => {
    const routes = await read<RouteView[]>('/routes');
    expect(routes.find(({ name }) => name === 'good')).toMatchObject({ path: '/good', traffic: { requests: 3 } });
    expect(routes.find(({ name }) => name === 'away')).not.toHaveProperty('traffic');
  });

  it('is shown by /errors with whose fault it was, and why', async () => {
    const { errors } = await read<ErrorListView>('/errors?fault=backend');
    expect(errors).toMatchObject([
      {
        fault: 'backend',
        method: 'GET',
        path: '/dead',
        route: 'dead',
        upstream: 'dead',
        backend: 'dead-a',
        status: 502,
        error: 'CONNECT_FAILED',
        reason: expect.stringContaining('ECONNREFUSED') as string,
        client: '127.0.0.1',
      },
    ]);
    expect((await read<ErrorListView>('/errors?limit=1')).errors).toMatchObject([
      { error: 'NO_ROUTE', fault: 'client' },
    ]);
    expect((await read<ErrorListView>('/errors?route=dead')).errors).toHaveLength(1);
  });

  it('is shown by /tunnels and /streams, each with what it has carried', async () => {
    const chat = await openWebSocket(gateway.port, { path: '/chat?secret=hunter2-query' });
    await chat.ask('hello');
    const stream = await openStream(gateway.port, { path: '/events', headers: { accept: 'text/event-stream' } });
    const tunnels = await read<LastingListView>('/tunnels');
    expect(tunnels).toMatchObject({
      open: 1,
      listed: [{ route: 'chat', path: '/chat', upstream: 'chat', backend: 'chat-a', messagesIn: 1, messagesOut: 1 }],
    });
    expect(Date.now() - Date.parse(tunnels.listed[0]!.openedAt)).toBeLessThan(60_000);
    expect(await read('/streams')).toMatchObject({ open: 1, listed: [{ route: 'events', backend: 'events-a' }] });
    stream.leave();
  });

  it('shows the configuration in force, and when it took effect', async () => {
    const config = await read<ConfigView>('/config');
    expect(config.configuration).toMatchObject({ admin: { token: '****' } });
    expect(Date.parse(config.loadedAt)).toBeLessThanOrEqual(Date.now());
    const { version } = (await read<StatusView>('/status')).version;
    expect(await read('/version')).toMatchObject({ version, pid: process.pid });
  });
});

describe('a question that cannot be answered', () => {
  it.each([
    ['/errors?limit=0', 400, '"limit" must be a whole number from 1 to 1000'],
    ['/errors?fault=clinet', 400, 'did you mean "client"?'],
    ['/errors?limt=3', 400, 'There is no parameter "limt" here; did you mean "limit"?'],
    ['/errors?route=god', 404, 'no route is named "god"; did you mean "good"?'],
  ])('%s gets %i', async (path, status, says) => {
    const response = await ask(path);
    expect(response.status).toBe(status);
    expect(response.json<{ detail: string }>().detail).toContain(says);
  });
});

it.each([
  '/status',
  '/upstreams',
  '/routes',
  '/errors',
  '/streams',
  '/tunnels',
  '/certificates',
  '/config',
  '/version',
  '/metrics',
  '/health',
  '/openapi.json',
])('%s holds no secret', async path => {
  const { status, text } = await ask(path);
  expect(status).toBe(200);
  for (const secret of ['hunter2', secrets.key]) expect(text).not.toContain(secret);
});
