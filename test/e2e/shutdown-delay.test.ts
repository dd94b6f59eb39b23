import { expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { startGateway } from '../support/program.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

const delay = 1_500;

it('for shutdown.delay after a signal readiness is red, and clients that still come are served and sent away', async () => {
  const backend = await startBackend(answer(200, 'fine'));
  const sockets = await startWebSocketBackend();
  const gateway = await startGateway({
    shutdown: { delay: `${delay}ms`, grace: '10s' },
    upstreams: { app: { backends: [backend.url] }, sockets: { backends: [sockets.url] } },
    routes: [
      { name: 'ws', match: { path: '/ws' }, upstream: 'sockets' },
      { name: 'rest', match: { path: '/*' }, upstream: 'app' },
    ],
  });
  await gateway.waitForLog(({ msg, routes, upstreams }) => msg === 'started' && routes === 2 && upstreams === 2);
  const tunnel = await openWebSocket(gateway.port, { path: '/ws' });
  const before = performance.now();
  gateway.signal('SIGTERM');
  await eventually(async () => expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(503));
  const response = await request(gateway.port);
  expect([response.text, response.headers.connection, await tunnel.ask('still')]).toEqual(['fine', 'close', 'still']);
  // Until the first refusal every connection was taken.
  await eventually(() =>
    request(gateway.port).then(
      () => false,
      () => true,
    ),
  );
  expect(performance.now() - before).toBeGreaterThan(delay);
  expect((await tunnel.closed())[0]).toBe(1001);
  expect(await gateway.child.exited).toEqual({ code: 0, signal: null });
  const steps = ['ending', 'not ready any more, and still accepting (shutdown.delay)', 'draining', 'stopped'];
  expect(gateway.logs().flatMap(({ msg }) => (steps.includes(msg!) ? [msg] : []))).toEqual(steps);
  expect(gateway.logs().find(({ msg }) => msg === 'draining')).toMatchObject({ streamsAndTunnels: 1 });
});

it('a second signal ends it within the delay', async () => {
  const backend = await startBackend(answer(200, 'fine'));
  const gateway = await startGateway({ shutdown: { delay: '1h' }, upstreams: { app: { backends: [backend.url] } } });
  gateway.signal('SIGTERM');
  await gateway.waitForLog(({ msg }) => msg?.startsWith('not ready any more') === true);
  gateway.signal('SIGTERM');
  expect(await gateway.child.exited).toEqual({ code: 143, signal: null });
});
