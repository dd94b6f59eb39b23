import { Global, Module } from '@nestjs/common';
import { expect, it } from 'vitest';
import { CountTable } from '../../src/shared-memory/count-table.js';
import { COUNT_MEMORY, type CountMemory } from '../../src/shared-memory/shared-counts.js';
import { connectRaw, request } from '../support/client.js';
import { startHeldBackend } from '../support/concurrency-scene.js';
import { openStream, startEventBackend } from '../support/event-stream.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { openWebSocket, refusedWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

/** Two gateways that count together, as the threads of one gateway do. */
async function pair(config: object): Promise<{ one: InProcessGateway; two: InProcessGateway; main: CountTable }> {
  const memory = CountTable.allocate({ cells: 64, threads: 3 });
  const start = (column: number): Promise<InProcessGateway> => {
    const value: CountMemory = { memory, column, threads: 2 };

    @Global()
    @Module({ providers: [{ provide: COUNT_MEMORY, useValue: value }], exports: [COUNT_MEMORY] })
    class MemoryModule {}

    return startInProcess(config, { imports: [MemoryModule] });
  };
  return { one: await start(1), two: await start(2), main: new CountTable(memory, 0) };
}

const appOf = (url: string): object => ({ upstreams: { app: { backends: [url] } } });
const statusOf = async ({ port }: InProcessGateway): Promise<number> => (await request(port)).status;

it('security.concurrency holds for all threads together, and a thread that dies gives its places back', async () => {
  const backend = await startHeldBackend();
  const { one, two, main } = await pair({ ...appOf(backend.url), security: { concurrency: { limit: 2 } } });
  const held = [request(one.port), request(two.port)];
  await backend.holds(2);
  expect([await statusOf(one), await statusOf(two)]).toEqual([429, 429]);
  main.forget(2);
  held.push(request(one.port));
  await backend.holds(3);
  expect(await statusOf(one)).toBe(429);
  backend.answer();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
});

it('sse.maxConnections holds for all threads together, and one that ends makes room in all', async () => {
  const backend = await startEventBackend();
  const { one, two } = await pair({ ...appOf(backend.url), sse: { maxConnections: 2 } });
  const asked = { headers: { accept: 'text/event-stream' } };
  const [first] = [await openStream(one.port), await openStream(two.port)];
  expect([(await request(one.port, asked)).status, (await request(two.port, asked)).status]).toEqual([503, 503]);
  first!.leave();
  await eventually(async () => expect((await openStream(two.port)).status).toBe(200));
  expect((await request(one.port, asked)).status).toBe(503);
});

it('websocket.maxConnections holds for all threads together', async () => {
  const backend = await startWebSocketBackend();
  const { one, two } = await pair({ ...appOf(backend.url), websocket: { maxConnections: 1 } });
  const client = await openWebSocket(one.port);
  expect((await refusedWebSocket(two.port)).statusCode).toBe(503);
  client.socket.close();
  await eventually(async () => (await openWebSocket(two.port)).socket.close());
});

it('connectionsPerClient holds for all threads together', async () => {
  const listeners = [{ host: '127.0.0.1', port: 0, name: 'web', limits: { connectionsPerClient: 2 } }];
  const { one, two } = await pair({ listeners, routes: [{ respond: {} }] });
  const [first] = [await connectRaw(one.port), await connectRaw(two.port)];
  await eventually(async () => expect(await two.metric('gatehouse_connections_open')).toBe(1));
  for (const gateway of [one, two]) await (await connectRaw(gateway.port)).closed();
  expect(await two.metric('gatehouse_connections_refused_total', { reason: 'client' })).toBe(1);
  first!.close();
  await eventually(async () => expect(await statusOf(two)).toBe(200));
});
