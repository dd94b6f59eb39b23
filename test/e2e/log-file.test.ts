import { execFile } from 'node:child_process';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { keepAliveAgent, request } from '../support/client.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { runCli, startGateway, type RunningGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

describe('a log file of two workers', () => {
  let gateway: RunningGateway;
  let folder: string;
  let file: string;
  let sent = 0;

  beforeAll(async () => {
    folder = await tempFolder();
    file = join(folder, 'access.log');
    gateway = await startGateway({
      workers: 2,
      logging: { access: { file, fields: { ua: 'user-agent' } } },
      routes: [{ match: { path: '/*' }, respond: { status: 200, body: 'ok' } }],
    });
  });

  /** Eight clients that ask all the time, until what is given has ended. */
  async function underLoad(during: () => Promise<unknown>): Promise<void> {
    let goesOn = true;
    const ask = async (): Promise<void> => {
      const agent = keepAliveAgent();
      while (goesOn) {
        const headers = { 'user-agent': 'x'.repeat(200) };
        expect((await request(gateway.port, { path: `/${sent++}`, agent, headers })).status).toBe(200);
        // Not all of the machine's time.
        await pause(4);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, ask));
    await Promise.race([during(), clients]).finally(() => (goesOn = false));
    await clients;
  }

  it('is rotated under load: each line stands whole in one of the files', async () => {
    const names = ['access.log'];
    await underLoad(async () => {
      for (let round = 1; round <= 3; round++) {
        const before = sent;
        await eventually(() => sent > before + 200);
        const name = `access.log.${round}`;
        await rename(file, join(folder, name));
        names.push(name);
        gateway.signal('SIGUSR1');
        const reopened = () => gateway.logs().filter(({ msg }) => msg === 'opening the access log again').length;
        await eventually(() => reopened() === round);
        // Both workers have opened the new file.
        await eventually(async () => (await readFile(file, 'utf8').catch(() => '')) !== '');
      }
    });
    const lines = await eventually(async () => {
      const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')));
      expect(texts.map(text => text !== '')).toEqual(names.map(() => true));
      const all = texts.join('').trimEnd().split('\n');
      return all.length >= sent && all;
    });
    const paths = new Set(lines.map(line => (JSON.parse(line) as { readonly path: string }).path));
    expect([lines.length, paths.size]).toEqual([sent, sent]);
    expect(gateway.logs().some(({ msg }) => msg === 'exchange')).toBe(false);
  });

  it('on a disk that is full stops no request: the log tells it once, and how many lines are lost when it goes on', async () => {
    const [before, linesBefore] = [sent, (await readFile(file, 'utf8')).split('\n').length];
    const dropped = () => metricAt(gateway.adminPort, 'gatehouse_log_lines_dropped_total', { log: 'access' });
    const said = (text: string) => gateway.logs().filter(({ msg }) => msg?.startsWith(text));
    // In the middle of a line: for the process a disk on which so much has room.
    const room = (await stat(file)).size + 5_000;
    const limit = (bytes: string) => promisify(execFile)('prlimit', [`--pid=${gateway.pid}`, `--fsize=${bytes}`]);
    await limit(`${room}:unlimited`);
    await underLoad(() => eventually(async () => (await dropped()) > 500, { deadline: 20_000 }));
    await eventually(() => expect(said('the access log cannot be written')).toHaveLength(2));
    expect(said('access lines dropped')).toHaveLength(0);
    await limit('unlimited:unlimited');
    await underLoad(() => eventually(() => said('the access log is written again').length === 2, { deadline: 20_000 }));
    expect((await gateway.stop()).code).toBe(0);
    const lost = said('access lines dropped').reduce((sum, line) => sum + Number(line['dropped']), 0);
    const lines = (await readFile(file, 'utf8')).split('\n').slice(linesBefore - 1);
    // What the full disk has cut stands alone.
    const whole = lines.filter(line => line.endsWith('}'));
    expect(whole.length + lost).toBe(sent - before);
    for (const line of whole) JSON.parse(line);
  });
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
