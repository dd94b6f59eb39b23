import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { request } from '../support/client.js';
import { FaultyWorkers } from '../support/faulty-workers.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { tempFolder } from '../support/temp.js';

/** A configuration that answers with its name; `more`: names of further listeners. */
const saying = (name: string, more: readonly object[] = []) => ({
  workers: 3,
  listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }, ...more],
  admin: { host: '127.0.0.1', port: 0 },
  routes: [{ name: 'all', match: { path: '/*' }, respond: { body: name } }],
});

describe('a gateway all of whose workers die', () => {
  let workers: FaultyWorkers;
  let socketPath: string;
  const config = (name: string) => saying(name, [{ name: 'local', unix: socketPath }]);
  const ready = async () => (await request(workers.gateway.adminPort, { path: '/health/ready' })).status;
  const local = async () => (await request(0, { socketPath, path: '/' })).text;

  beforeAll(async () => {
    socketPath = join(await tempFolder(), 'local.sock');
    workers = await FaultyWorkers.start({ ...config('first'), workers: 2 });
  });

  it('has its unix socket again when the worker that has it is replaced', async () => {
    expect(await local()).toBe('first');
    await workers.until('worker replaced', () => workers.befall(1, 'throw'));
    expect(await local()).toBe('first');
    await workers.until('configuration changed', () =>
      writeFile(workers.gateway.configFile!, stringify({ ...config('second'), workers: 2 })),
    );
    expect(await local()).toBe('second');
    expect(workers.count('no longer listening')).toBe(0);
  });

  it('is not ready meanwhile, and takes a configuration with which they can begin', async () => {
    const letUp = [await workers.keepDown(1), await workers.keepDown(2)];
    await Promise.all([workers.befall(1, 'throw'), workers.befall(2, 'throw')]);
    await eventually(async () => expect(await ready()).toBe(503));
    await workers.until('worker could not be replaced', () => Promise.resolve());
    for (const each of letUp) await each();
    await workers.until('worker replaced', () =>
      writeFile(workers.gateway.configFile!, stringify({ ...config('third'), workers: 2 })),
    );
    expect(await ready()).toBe(200);
    await eventually(async () => expect(await workers.answers('/')).toEqual(['third']));
    await eventually(async () => expect(await metricAt(workers.gateway.adminPort, 'gatehouse_workers')).toBe(2));
    expect(await local()).toBe('third');
    expect((await workers.gateway.stop()).code).toBe(0);
  });
});
