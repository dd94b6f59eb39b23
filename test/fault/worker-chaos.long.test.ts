import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { FaultyWorkers } from '../support/faulty-workers.js';
import { figure } from '../support/figure.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';

/** Times that each worker dies, and milliseconds between two configurations. */
const chaos = { deaths: 4, every: 150 };

it(
  'while workers die and the configuration changes, each answer is of some configuration, and in the end all are of the last one',
  { timeout: 120_000 },
  async () => {
    const backend = await startBackend(answer(200, 'narrow'));
    const file = (name: string) => ({
      workers: 3,
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
      admin: { host: '127.0.0.1', port: 0 },
      upstreams: { app: { backends: [backend.url], connections: { max: 2, queue: 1_000, queueTimeout: '20s' } } },
      routes: [
        { name: 'narrow', match: { path: '/narrow' }, upstream: 'app' },
        { name: 'said', respond: { body: name } },
      ],
    });
    const workers = await FaultyWorkers.start(file('0'));
    const { gateway } = workers;
    const written = new Set(['0', 'narrow']);
    const outcomes: Record<string, number> = {};
    let goesOn = true;
    const clients = Array.from({ length: 8 }, async (_, n) => {
      while (goesOn) {
        const path = n % 2 === 0 ? '/narrow' : '/said';
        const outcome = await request(gateway.port, { path, timeout: 30_000 }).then(
          ({ status, text }) => (status === 200 && written.has(text) ? 'good' : `${status} ${text}`),
          (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? 'reset' : String(error)),
        );
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    });
    const replaced = () => workers.count('worker replaced');
    let changes = 0;
    const change = async (): Promise<void> => {
      written.add(`${++changes}`);
      await writeFile(gateway.configFile!, stringify(file(`${changes}`)));
      gateway.signal('SIGHUP');
      // The pace of the chaos, not a wait for something.
      await pause(chaos.every);
    };
    for (let death = 0; death < 3 * chaos.deaths; death++) {
      await workers.until('worker died: replacing it', () => workers.befall((death % 3) + 1, 'throw'));
      // The others serve meanwhile.
      while (replaced() <= death) await change();
    }
    // One may have been refused because a worker died of it.
    gateway.signal('SIGHUP');
    await eventually(async () => expect(await workers.answers('/said')).toEqual([`${changes}`]));
    goesOn = false;
    await Promise.all(clients);
    const { good = 0, reset = 0, ...others } = outcomes;
    figure(`${changes} configurations, ${good} good answers, ${reset} connections reset`);
    expect(others).toEqual({});
    expect(good).toBeGreaterThan(20 * reset);
    await eventually(async () => {
      expect(await metricAt(gateway.adminPort, 'gatehouse_backend_in_flight')).toBe(0);
      expect(await metricAt(gateway.adminPort, 'gatehouse_pool_pending')).toBe(0);
    });
    expect((await gateway.stop()).code).toBe(0);
  },
);
