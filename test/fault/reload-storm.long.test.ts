import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { request } from '../support/client.js';
import { figure } from '../support/figure.js';
import { errorsOf, startLoad } from '../support/load.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway } from '../support/program.js';
import { startScripted } from '../support/scripted-backend.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

/** Seconds of the storm, and what lives through it. */
const storm = { seconds: 10, every: 500, rate: 1_000, tunnels: 100, streams: 100 };

it.each([1, 2])(
  'with %d workers loses no request, tunnel or event stream while the file changes twice a second under load, and is as small afterwards as before',
  { timeout: 90_000 },
  async workers => {
    const backends = await Promise.all(['a', 'b', 'c', 'd'].map(name => startScripted(name)));
    const [sockets, events] = [await startWebSocketBackend(), await startEventBackend()];
    const file = (round: number): object => ({
      workers,
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
      admin: { host: '127.0.0.1', port: 0 },
      logging: { access: { enabled: false } },
      upstreams: {
        app: {
          backends: backends.filter((_, index) => (round + index) % 4 !== 0).map(({ url }) => url),
          strategy: ['round-robin', 'least-connections', 'power-of-two-choices'][round % 3],
          connections: { max: 200 + (round % 5) },
        },
        sockets: { backends: [sockets.url] },
        events: { backends: [events.url] },
      },
      routes: [
        { name: 'ws', match: { path: '/ws' }, upstream: 'sockets' },
        { name: 'sse', match: { path: '/sse' }, upstream: 'events' },
        { name: 'rest', match: { path: '/*' }, upstream: 'app', timeouts: { response: `${10 + round}s` } },
      ],
    });
    const gateway = await startGateway(file(0));
    const { port } = gateway;
    const tunnels = await Promise.all(
      Array.from({ length: storm.tunnels }, () => openWebSocket(port, { path: '/ws' })),
    );
    const streams = await Promise.all(Array.from({ length: storm.streams }, () => openStream(port, { path: '/sse' })));
    const resident = async (): Promise<number> => {
      await request(gateway.adminPort, { path: '/metrics' });
      return metricAt(gateway.adminPort, 'process_resident_memory_bytes');
    };
    const load = startLoad(port, { connections: 32, rate: storm.rate });
    await eventually(() => load.answers.length > storm.rate);
    const before = await resident();
    const rounds = (storm.seconds * 1_000) / storm.every;
    for (let round = 1; round <= rounds; round++) {
      const text = round % 7 === 0 ? 'listeners: nonsense\n' : stringify(file(round));
      await writeFile(gateway.configFile!, text);
      gateway.signal('SIGHUP');
      // The pace of the storm, not a wait for something.
      await pause(storm.every);
    }
    await writeFile(gateway.configFile!, stringify(file(0)));
    await eventually(async () => (await metricAt(gateway.adminPort, 'gatehouse_config_reload_success')) === 1);
    await load.stop();
    expect(errorsOf(load.answers)).toEqual({});
    const broken = gateway
      .logs()
      .filter(({ msg }) => msg?.includes(`${gateway.configFile}:1:12 listeners: found "nonsense"`));
    expect(broken.length).toBeGreaterThan(0);
    await Promise.all(tunnels.map(async tunnel => expect(await tunnel.ask('there?')).toBe('there?')));
    for (const [index] of streams.entries()) await events.send('data: still\n\n', index + 1);
    await Promise.all(streams.map(stream => stream.until('data: still\n\n')));
    const applied = await metricAt(gateway.adminPort, 'gatehouse_config_reloads_total', { result: 'applied' });
    expect(applied).toBeGreaterThan(rounds / 2);
    const grown = (await resident()) - before;
    figure(
      `${load.answers.length} requests, ${applied} configurations: 0 failed; memory grew by ${Math.round(grown / 2 ** 20)} MiB`,
    );
    expect(grown).toBeLessThan(100 * 2 ** 20 * (workers === 1 ? 1 : workers + 1));
    expect(gateway.logs().filter(({ msg }) => msg?.startsWith('worker died') === true)).toEqual([]);
    expect((await gateway.stop()).code).toBe(0);
  },
);
