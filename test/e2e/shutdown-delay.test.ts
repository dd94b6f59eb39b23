import { expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { startGateway } from '../support/program.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

const delay = 1_500;

it.each([1, 2])(
  'with %d workers readiness is red for shutdown.delay after a signal, and clients that still come are served and sent away',
  async workers => {
    const backend = await startBackend(answer(200, 'fine'));
    const [sockets, events] = [await startWebSocketBackend(), await startEventBackend()];
    const gateway = await startGateway({
      workers,
      shutdown: { delay: `${delay}ms`, grace: '10s' },
      upstreams: {
        app: { backends: [backend.url] },
        sockets: { backends: [sockets.url] },
        events: { backends: [events.url] },
      },
      routes: [
        { name: 'sse', match: { path: '/sse' }, upstream: 'events' },
        { name: 'ws', match: { path: '/ws' }, upstream: 'sockets' },
        { name: 'rest', match: { path: '/*' }, upstream: 'app' },
      ],
    });
    await gateway.waitForLog(({ msg, routes, upstreams }) => msg === 'started' && routes === 3 && upstreams === 3);
    // Enough for each worker to have some.
    const lasting = 6;
    const tunnels = await Promise.all(
      Array.from({ length: lasting }, () => openWebSocket(gateway.port, { path: '/ws' })),
    );
    const streams = await Promise.all(
      Array.from({ length: lasting }, () => openStream(gateway.port, { path: '/sse' })),
    );
    const before = performance.now();
    gateway.signal('SIGTERM');
    await eventually(async () =>
      expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(503),
    );
    const response = await request(gateway.port);
    expect([response.text, response.headers.connection]).toEqual(['fine', 'close']);
    for (const tunnel of tunnels) expect(await tunnel.ask('still')).toBe('still');
    for (const index of streams.keys()) await events.send('data: still\n\n', index + 1);
    for (const stream of streams) await stream.until('data: still\n\n');
    // Until the first refusal every connection was taken.
    await eventually(() =>
      request(gateway.port).then(
        () => false,
        () => true,
      ),
    );
    expect(performance.now() - before).toBeGreaterThan(delay);
    for (const tunnel of tunnels) expect((await tunnel.closed())[0]).toBe(1001);
    for (const stream of streams) expect(await stream.end()).toBe('end');
    expect(await gateway.child.exited).toEqual({ code: 0, signal: null });
    const steps = ['ending', 'not ready any more, and still accepting (shutdown.delay)', 'draining', 'stopped'];
    expect(gateway.logs().flatMap(({ msg }) => (steps.includes(msg!) ? [msg] : []))).toEqual(steps);
    expect(gateway.logs().find(({ msg }) => msg === 'draining')).toMatchObject({ streamsAndTunnels: 2 * lasting });
  },
);

it('a second signal ends it within the delay', async () => {
  const gateway = await startGateway({ shutdown: { delay: '1h' }, routes: [{ respond: {} }] });
  gateway.signal('SIGTERM');
  await gateway.waitForLog(({ msg }) => msg?.startsWith('not ready any more') === true);
  gateway.signal('SIGTERM');
  expect(await gateway.child.exited).toEqual({ code: 143, signal: null });
});
