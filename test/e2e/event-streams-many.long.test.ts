import { expect, it } from 'vitest';
import { openStream, startEventBackend, type StreamReader } from '../support/event-stream.js';
import { figure } from '../support/figure.js';
import { eventually } from '../support/poll.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';

const count = 1_000;

it(
  'a thousand event streams have their heartbeats, and each gets its events without delay',
  { timeout: 90_000 },
  async () => {
    const backend = await startEventBackend();
    const gateway = await gatewayTo([backend], { connections: { max: count } }, { sse: { heartbeat: '1s' } });
    const streams: StreamReader[] = [];
    while (streams.length < count) {
      streams.push(
        ...(await Promise.all(Array.from({ length: 50 }, () => openStream(gateway.port, { timeout: 90_000 })))),
      );
    }
    expect(await gateway.metric('gatehouse_event_streams_open')).toBe(count);
    await eventually(() => streams.every(({ heartbeats }) => heartbeats >= 3), { deadline: 20_000 });

    const slowest: number[] = [];
    for (let round = 1; round <= 5; round++) {
      const arrivals = streams.map(stream => stream.next(`data: ${round}\n\n`));
      const sent = performance.now();
      for (const { response } of backend.streams) response.write(`id: ${round}\ndata: ${round}\n\n`);
      slowest.push(Math.max(...(await Promise.all(arrivals)).map(at => at - sent)));
    }
    figure(
      `one event on each of ${count} streams: the last had it after ${slowest.map(ms => ms.toFixed(0)).join(', ')} ms`,
    );
    expect(Math.min(...slowest)).toBeLessThan(1_000);
    const expected = [1, 2, 3, 4, 5].map(round => `id: ${round}\ndata: ${round}\n\n`).join('');
    expect(streams.filter(({ events }) => events !== expected)).toEqual([]);
    expect(await gateway.metric('gatehouse_stream_events_total')).toBe(5 * count);
    expect(await gateway.metric('gatehouse_stream_heartbeats_total')).toBeGreaterThanOrEqual(3 * count);

    for (const stream of streams) stream.leave();
    await expectAtRest(gateway);
    await eventually(() => backend.streams.every(({ isClosed }) => isClosed));
    expect(await gateway.metric('gatehouse_event_streams_open')).toBe(0);
  },
);
