import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { keepAliveAgent, request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { runCli, startGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

it('a log file is rotated under load with two workers: each line stands whole in one of the files', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'access.log');
  const gateway = await startGateway({
    workers: 2,
    logging: { access: { file, fields: { ua: 'user-agent' } } },
    routes: [{ match: { path: '/*' }, respond: { status: 200, body: 'ok' } }],
  });
  let sent = 0;
  let goesOn = true;
  const ask = async (): Promise<void> => {
    const agent = keepAliveAgent();
    while (goesOn)
      await request(gateway.port, { path: `/${sent++}`, agent, headers: { 'user-agent': 'x'.repeat(200) } });
  };
  const clients = Promise.all(Array.from({ length: 8 }, ask));
  const names = ['access.log'];
  for (let round = 1; round <= 3; round++) {
    const before = sent;
    await eventually(() => sent > before + 200);
    const name = `access.log.${round}`;
    await rename(file, join(folder, name));
    names.push(name);
    gateway.signal('SIGUSR1');
    await eventually(() => gateway.logs().filter(({ msg }) => msg === 'opening the access log again').length === round);
    // Both workers have opened the new file.
    await eventually(async () => (await readFile(file, 'utf8').catch(() => '')) !== '');
  }
  goesOn = false;
  await clients;
  await gateway.stop();
  const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')));
  const lines = texts.join('').trimEnd().split('\n');
  const paths = new Set(lines.map(line => (JSON.parse(line) as { readonly path: string }).path));
  expect([lines.length, paths.size]).toEqual([sent, sent]);
  expect(texts.map(text => text !== '')).toEqual(names.map(() => true));
  expect(gateway.logs().some(({ msg }) => msg === 'exchange')).toBe(false);
});

it('a log file that cannot be written stops the start, with its place in the configuration', async () => {
  const folder = await tempFolder();
  const config = join(folder, 'gateway.yaml');
  const text = stringify({ routes: [{ respond: {} }], logging: { access: { file: 'none/access.log' } } });
  await writeFile(config, text);
  const { code, stderr } = await runCli(['check', config]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/gateway\.yaml:\d+:\d+.*logging\.access\.file.*none\/access\.log" cannot be written: ENOENT/s);
});
