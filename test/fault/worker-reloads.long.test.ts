import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { request } from '../support/client.js';
import { FaultyWorkers } from '../support/faulty-workers.js';
import { eventually } from '../support/poll.js';

/** A configuration that answers with its name. */
const saying = (name: string) => ({
  workers: 3,
  listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
  admin: { host: '127.0.0.1', port: 0 },
  routes: [{ name: 'all', match: { path: '/*' }, respond: { body: name } }],
});

describe('a configuration that comes while workers die', () => {
  let workers: FaultyWorkers;
  const write = (config: object) => writeFile(workers.gateway.configFile!, stringify(config));
  /** All workers have it. */
  const isInForce = (name: string) => eventually(async () => expect(await workers.answers('/')).toEqual([name]));

  beforeAll(async () => {
    workers = await FaultyWorkers.start(saying('first'));
  });

  it('is taken by a worker that began to carry traffic while the others prepared', async () => {
    const late = await workers.hold(2, 'listen');
    await workers.befall(2, 'throw');
    await late.reached();
    const preparing = await workers.hold(1, 'prepare');
    await write(saying('fourth'));
    await preparing.reached();
    await workers.until('worker replaced', late.release);
    await workers.until('configuration changed', preparing.release);
    await isInForce('fourth');
  });

  it('is taken by the successor of a worker that has died after it had prepared', async () => {
    const preparing = await workers.hold(3, 'prepare');
    await write(saying('fifth'));
    await preparing.reached();
    await workers.until('worker replaced', () => workers.befall(1, 'throw'));
    await workers.until('configuration changed', preparing.release);
    await isInForce('fifth');
  });
});

describe('a worker that dies at each start', () => {
  it('leaves the others to carry the traffic, and is tried less and less often', async () => {
    const workers = await FaultyWorkers.start({ ...saying('second'), workers: 2 });
    const letUp = await workers.keepDown(1);
    const died = () => workers.gateway.logs().filter(({ msg }) => msg === 'worker died: replacing it');
    const before = died().length;
    await workers.befall(1, 'throw');
    await eventually(async () => {
      expect(await workers.answers('/')).toEqual(['second']);
      expect(died().length).toBeGreaterThan(before + 2);
    });
    const waits = died().slice(before + 1);
    for (const [index, { milliseconds }] of waits.entries()) {
      if (index > 0) expect(Number(milliseconds)).toBe(2 * Number(waits[index - 1]!['milliseconds']));
    }
    await workers.until('worker replaced', letUp);
    expect((await request(workers.gateway.adminPort, { path: '/health/ready' })).status).toBe(200);
  });
});
