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

  describe('that fill the connections of a backend and then its queue', () => {
    const [max, queue] = [5, 5];

    /** Fills both; gives what has become of those in the queue so far. */
    async function fill(queueTimeout: string) {
      const backend = await startScripted('a', streaming);
      const gateway = await startInProcess({
        upstreams: { app: { backends: [backend.url], connections: { max, queue, queueTimeout } } },
      });
      for (let number = 0; number < max; number++) await open(gateway.port, { timeout: 30_000 });
      const ended: { said: string; after: number }[] = [];
      const started = performance.now();
      const ask = async (): Promise<void> => {
        const response = await request(gateway.port);
        const said = `${response.status} ${response.header('x-gateway-error')}`;
        ended.push({ said, after: performance.now() - started });
        if (response.status === 503) expect(Number(response.header('retry-after'))).toBeGreaterThanOrEqual(1);
      };
      const queued = Promise.all(Array.from({ length: queue }, ask));
      return { backend, gateway, ended, ask, queued };
    }

    it('have further requests refused at once, while those in the queue still wait', async () => {
      const { ask, backend, ended, gateway, queued } = await fill('1m');
      await eventually(async () => expect(await gateway.metric('gatehouse_requests_in_flight')).toBe(max + queue));
      await Promise.all(Array.from({ length: 3 }, ask));
      expect(ended.map(({ said }) => said)).toEqual(Array(3).fill('503 QUEUE_FULL'));
      expect(backend.calls).toHaveLength(max);
      backend.behaviour = call => call.answer();
      for (const call of backend.calls) call.send('0\r\n\r\n');
      await queued;
      expect(ended.slice(3).map(({ said }) => said)).toEqual(Array(queue).fill('200 undefined'));
    });

    it('have those in the queue refused when their time there is over', async () => {
      const { backend, ended, gateway, queued } = await fill('300ms');
      await queued;
      expect(ended.map(({ said }) => said)).toEqual(Array(queue).fill('503 QUEUE_FULL'));
      for (const { after } of ended) expect(after).toBeGreaterThanOrEqual(290);
      expect(backend.calls).toHaveLength(max);
      expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
    });
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
