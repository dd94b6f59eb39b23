import { describe, expect, it } from 'vitest';
import { open, request } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

/** A response that begins and does not end. */
const streaming: Behaviour = call =>
  call.send('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n');

const names = ['a', 'b', 'c'];

describe('long streams', () => {
  it('are spread evenly by least-connections, however long they last', async () => {
    const backends = await Promise.all(names.map(name => startScripted(name, streaming)));
    const gateway = await startInProcess({
      upstreams: { app: { strategy: 'least-connections', backends: backends.map(({ url }) => url) } },
    });
    const streams = [];
    for (let number = 0; number < 30; number++) streams.push(await open(gateway.port, { timeout: 30_000 }));
    expect(backends.map(({ openConnections }) => openConnections)).toEqual([10, 10, 10]);

    // Those of one backend leave, and the next ones go where there is room.
    const [first] = backends;
    for (const call of first?.calls ?? []) call.send('0\r\n\r\n');
    await eventually(async () =>
      expect(await gateway.metric('gatehouse_backend_in_flight', { backend: first?.id ?? '' })).toBe(0),
    );
    for (let number = 0; number < 10; number++) await open(gateway.port, { timeout: 30_000 });
    expect(backends.map(({ calls }) => calls.length)).toEqual([20, 10, 10]);
    for (const { request: one } of streams) one.destroy();
  });

  it('fill the connections of a backend and then its queue; further requests are refused at once', async () => {
    const [max, queue, queueTimeout] = [5, 5, 300];
    const backend = await startScripted('a', streaming);
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url], connections: { max, queue, queueTimeout: `${queueTimeout}ms` } } },
    });
    for (let number = 0; number < max; number++) await open(gateway.port, { timeout: 30_000 });
    const started = performance.now();
    const ended: { status: number; code: string | undefined; after: number }[] = [];
    const wait = async (): Promise<void> => {
      const response = await request(gateway.port);
      ended.push({
        status: response.status,
        code: response.header('x-gateway-error'),
        after: performance.now() - started,
      });
      expect(Number(response.header('retry-after'))).toBeGreaterThanOrEqual(1);
    };
    const queued = Array.from({ length: queue }, wait);
    await eventually(async () => expect(await gateway.metric('gatehouse_requests_in_flight')).toBe(max + queue));
    await Promise.all(Array.from({ length: 3 }, wait));
    // Refused while the others still wait.
    expect(ended).toHaveLength(3);
    await Promise.all(queued);
    expect(ended.map(({ status, code }) => `${status} ${code}`)).toEqual(Array(3 + queue).fill('503 QUEUE_FULL'));
    for (const { after } of ended.slice(3)) expect(after).toBeGreaterThanOrEqual(queueTimeout - 10);
    expect(backend.calls).toHaveLength(max);
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });

  it('let the next in line have their place when they end', async () => {
    const backend = await startScripted('a', streaming);
    const gateway = await startInProcess({
      upstreams: { app: { backends: [backend.url], connections: { max: 5, queue: 5, queueTimeout: '10s' } } },
    });
    for (let number = 0; number < 5; number++) await open(gateway.port, { timeout: 30_000 });
    const waiting = request(gateway.port);
    await eventually(async () => expect(await gateway.metric('gatehouse_requests_in_flight')).toBe(6));
    backend.behaviour = call => call.answer();
    backend.calls[0]?.send('0\r\n\r\n');
    expect((await waiting).text).toBe('a GET /');
  });
});
