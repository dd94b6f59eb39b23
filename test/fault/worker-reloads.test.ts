import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { request } from '../support/client.js';
import { FaultyWorkers } from '../support/faulty-workers.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';

/** A configuration that answers with its name; `more`: names of further listeners. */
const saying = (name: string, more: readonly object[] = []) => ({
  workers: 3,
  listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }, ...more],
  admin: { host: '127.0.0.1', port: 0 },
  routes: [{ name: 'all', match: { path: '/*' }, respond: { body: name } }],
});

describe('a configuration that comes while workers die', () => {
  let workers: FaultyWorkers;
  const write = (config: object | string) =>
    writeFile(workers.gateway.configFile!, typeof config === 'string' ? config : stringify(config));
  /** All workers have it. */
  const isInForce = (name: string) => eventually(async () => expect(await workers.answers('/')).toEqual([name]));

  beforeAll(async () => {
    workers = await FaultyWorkers.start(saying('first'));
  });

  it('is refused when a worker dies of it, and later ones are taken by those that had not prepared yet', async () => {
    const held = [await workers.hold(2, 'prepare'), await workers.hold(3, 'prepare')];
    await write(saying('second'));
    await Promise.all(held.map(({ reached }) => reached()));
    await workers.until('worker replaced', () => workers.befall(3, 'throw'));
    await workers.gateway.waitForLog(({ msg }) => msg?.includes('worker 3 died while it prepared') === true);
    for (const { release } of held) await release();
    await isInForce('first');
    await workers.until('configuration changed', () => write(saying('third')));
    await isInForce('third');
  });

  it('does not matter to a worker that begins when it is broken', async () => {
    await write('listeners: nonsense\n');
    await workers.gateway.waitForLog(({ msg }) => msg?.includes('found "nonsense"') === true);
    await workers.until('worker replaced', () => workers.befall(3, 'throw'));
    await isInForce('third');
  });

  it('opens a listener that may have any port on the same one in all workers, and says so once', async () => {
    const more = { name: 'more', host: '127.0.0.1', port: 0 };
    await workers.until('configuration changed', () => write(saying('sixth', [more])));
    const said = workers.gateway.logs().filter(({ listener }) => listener === 'more');
    expect(said).toHaveLength(1);
    const { port } = new URL(String(said[0]!['url']));
    const before = await metricAt(workers.gateway.adminPort, 'gatehouse_event_loop_busy_seconds_total');
    expect(before).toBeGreaterThan(0);
    const connections = Array.from({ length: 60 }, () => request(Number(port), { path: '/' }));
    expect(new Set((await Promise.all(connections)).map(({ text }) => text))).toEqual(new Set(['sixth']));
  });
});
