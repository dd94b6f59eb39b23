import { expect, it } from 'vitest';
import { request } from '../support/client.js';
import { startDns } from '../support/dns-server.js';
import { answersFromNow, foundAt, refresh } from '../support/found-scene.js';
import { buildInProcess, startInProcess } from '../support/in-process.js';
import { errorsOf, startLoad } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { expectAtRest } from '../support/scene.js';
import { startService } from '../support/service.js';

const [one, two, three] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;

it('traffic follows the addresses of a name within refresh + 1 s, and not one request fails', async () => {
  const dns = await startDns();
  const service = await startService(one, two, three);
  dns.host('orders.test', [one, two]);
  const gateway = await startInProcess(foundAt(dns, { port: service.port }));
  const load = startLoad(gateway.port, { connections: 8 });
  for (const addresses of [[one, two, three], [three], [one, two], [two, three], [one]]) {
    dns.host('orders.test', addresses);
    const at = performance.now();
    const inUse = async (): Promise<string[]> =>
      [...new Set((await answersFromNow(load, 50)).map(({ backend }) => backend))].sort();
    await eventually(async () => expect(await inUse()).toEqual(addresses));
    expect(performance.now() - at).toBeLessThan(refresh + 1_000);
  }
  await load.stop();
  expect(errorsOf(load.answers)).toEqual({});
  expect(load.answers.length).toBeGreaterThan(200);
  await expectAtRest(gateway);
});

it('traffic follows within a second when the TTL of an answer is over, however long refresh is', async () => {
  const dns = await startDns();
  const service = await startService(one, two);
  dns.host('orders.test', [one], 1);
  const gateway = await startInProcess(foundAt(dns, { port: service.port, refresh: '1h' }));
  expect((await request(gateway.port)).text).toBe(`${one} GET /`);
  dns.host('orders.test', [two], 1);
  const at = performance.now();
  await eventually(async () => expect((await request(gateway.port)).text).toBe(`${two} GET /`));
  expect(performance.now() - at).toBeLessThan(2_000);
});

it('a gateway ends at once while a question is open, also while it starts', async () => {
  const dns = await startDns();
  const service = await startService(one);
  dns.host('orders.test', [one]);
  const running = await startInProcess(foundAt(dns, { port: service.port }));
  dns.behaviour = 'silence';
  await eventually(() => dns.questions.length > 2);
  const starting = await buildInProcess(foundAt(dns, { port: service.port }));
  const started = starting.gateway.start();
  const count = dns.questions.length;
  await eventually(() => dns.questions.length > count);
  const at = performance.now();
  await Promise.all([running.stop(), starting.stop(), started]);
  expect(performance.now() - at).toBeLessThan(1_000);
});
