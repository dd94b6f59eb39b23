import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { startLoad } from '../support/load.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway, type RunningGateway } from '../support/program.js';
import { startScripted, type ScriptedBackend } from '../support/scripted-backend.js';
import { tempFolder } from '../support/temp.js';

const faults = fileURLToPath(new URL('../support/worker-faults.cjs', import.meta.url));

describe('a worker that dies under load', () => {
  let gateway: RunningGateway;
  let folder: string;
  let backend: ScriptedBackend;

  beforeAll(async () => {
    folder = await tempFolder();
    backend = await startScripted('a');
    gateway = await startGateway(
      { workers: 2, upstreams: { app: { backends: [backend.url] } }, routes: [{ name: 'all', upstream: 'app' }] },
      { env: { NODE_OPTIONS: `--require ${faults} --max-old-space-size=120`, WORKER_FAULTS: folder } },
    );
  });

  it.each([
    ['an error that is not caught', 'throw', 'crashed'],
    ['too little memory', 'fill', 'memory'],
    ['an endless loop', 'loop', 'stuck'],
  ])(
    'of %s is replaced: the clients of the other notice nothing, and nothing of it stays counted',
    async (_, fault, reason) => {
      const load = startLoad(gateway.port, { connections: 16, rate: 150 });
      await eventually(() => load.answers.length > 50);
      const replaced = () => gateway.logs().filter(({ msg }) => msg === 'worker replaced').length;
      const died = () =>
        gateway.logs().filter(({ msg, death }) => msg?.startsWith('worker died') === true && death === reason);
      const before = replaced();
      await writeFile(join(folder, '1'), fault);
      await eventually(() => replaced() === before + 1, { deadline: 20_000 });
      await load.stop();
      // Each of the connections that it had breaks once; those of the other never do.
      const errors = load.answers.filter(({ error }) => error !== undefined);
      expect(errors.length).toBeLessThan(16);
      expect(died()).toHaveLength(1);
      expect(await metricAt(gateway.adminPort, 'gatehouse_worker_restarts_total', { reason })).toBe(1);
      await eventually(async () => {
        expect(await metricAt(gateway.adminPort, 'gatehouse_backend_in_flight')).toBe(0);
      });
      expect(await metricAt(gateway.adminPort, 'gatehouse_workers')).toBe(2);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (__, n) => request(gateway.port, { path: `/load/${n}` })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    },
  );
});
