import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answer, refusedPort, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { runCli, startGateway, type RunningGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

/** A configuration that answers every request itself. */
const text = (body: string, more = ''): string =>
  `listeners: [{ name: web, host: 127.0.0.1, port: 0 }]\nadmin: { host: 127.0.0.1, port: 0 }\nroutes: [{ name: all, respond: { body: ${body} } }]\n${more}`;

let gateway: RunningGateway;
let file: string;

// One program for all tests in which only the content of its file differs.
beforeAll(async () => {
  gateway = await startGateway(text('first'));
  file = gateway.configFile!;
});

const said = async (): Promise<string> => (await request(gateway.port)).text;
const saysSoon = (body: string): Promise<unknown> => eventually(async () => expect(await said()).toBe(body));

/** Gives what finds the first log line that is written from now on and begins so. */
function linesFromNow(): (text: string) => Promise<string> {
  const before = gateway.logs().length;
  const find = (text: string) => gateway.logs().find(({ msg }, at) => at >= before && msg?.startsWith(text));
  return text => eventually(() => find(text)?.msg ?? false, { what: `the log line "${text}"` });
}

describe('a configuration file that is changed while the gateway runs', () => {
  it.each([
    ['is written in place', async (text: string) => writeFile(file, text)],
    [
      'is saved as editors do, by another file in its place',
      async (text: string) => {
        await writeFile(`${file}.new`, text);
        await rename(`${file}.new`, file);
      },
    ],
    [
      'is deleted and made again',
      async (text: string) => {
        await rm(file);
        await writeFile(file, text);
      },
    ],
  ])('takes effect when it %s, and the log says what has changed', async (how, write) => {
    const applied = (): Promise<number> =>
      metricAt(gateway.adminPort, 'gatehouse_config_reloads_total', { result: 'applied' });
    const [before, times, line] = [await said(), await applied(), linesFromNow()];
    const after = how.replaceAll(/\W/g, '-');
    await write(text(after));
    await saysSoon(after);
    await line(`route all: respond.body ${before} → ${after}`);
    expect(await applied()).toBe(times + 1);
  });

  it('changes nothing while it is broken, says where, and takes effect when it is mended', async () => {
    const [before, line] = [await said(), linesFromNow()];
    await writeFile(file, text('broken', 'upstreams: { app: { backends: [nonsense] } }\n'));
    expect(await line('configuration not changed')).toMatch(/: .*:4:\d+ upstreams\.app\.backends\[0\]/);
    expect(await said()).toBe(before);
    const health = await request(gateway.adminPort, { path: '/health' });
    expect([health.status, JSON.parse(health.text)]).toMatchObject([
      200,
      { details: { gateway: { status: 'degraded' } } },
    ]);
    expect(await metricAt(gateway.adminPort, 'gatehouse_config_reload_success')).toBe(0);
    await writeFile(file, text('mended'));
    await saysSoon('mended');
    expect(await metricAt(gateway.adminPort, 'gatehouse_config_reload_success')).toBe(1);
  });

  it('takes effect where a folder is swapped below a symbolic link, as Kubernetes does', async () => {
    const folder = await tempFolder();
    for (const [name, body] of [
      ['first', 'one'],
      ['second', 'two'],
    ] as const) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'gateway.yaml'), text(body));
    }
    await symlink('first', join(folder, '..data'));
    await symlink('..data/gateway.yaml', join(folder, 'gateway.yaml'));
    const mounted = await startGateway(['--config', join(folder, 'gateway.yaml')]);
    expect((await request(mounted.port)).text).toBe('one');
    await symlink('second', join(folder, '..next'));
    await rename(join(folder, '..next'), join(folder, '..data'));
    await eventually(async () => expect((await request(mounted.port)).text).toBe('two'));
    expect((await mounted.stop()).code).toBe(0);
  });

  it('is read again by SIGHUP, also when it is the same', async () => {
    const [before, line] = [await said(), linesFromNow()];
    gateway.signal('SIGHUP');
    await line('configuration read again: nothing has changed');
    expect(await said()).toBe(before);
  });
});

describe('gatehouse reload', () => {
  const reload = (): ReturnType<typeof runCommand> =>
    runCommand(['reload', '--admin', `http://127.0.0.1:${gateway.adminPort}`]);

  it('prints what has changed, or that nothing has', async () => {
    await writeFile(file, text('two'));
    await saysSoon('two');
    expect(await reload()).toMatchObject({ code: 0, stdout: 'nothing has changed\n' });
  });

  it('fails with the problems when the file is refused', async () => {
    await writeFile(file, text('two', 'nonsense: 1\n'));
    const { code, stderr } = await reload();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/still in force\.\n.*:4:1 nonsense/)]);
  });

  it('says so when no gateway answers', async () => {
    const { code, stderr } = await runCommand(['reload', '--admin', 'http://127.0.0.1:1']);
    expect([code, stderr]).toEqual([4, expect.stringContaining('no gateway answers at http://127.0.0.1:1')]);
  });

  it('finds the admin listener and its token in the file', async () => {
    const backend = await startBackend(answer(200, 'fine'));
    const guarded = join(await tempFolder(), 'gateway.yaml');
    await writeFile(
      guarded,
      stringify({
        listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
        admin: { host: '127.0.0.1', port: await refusedPort(), token: 'secret-of-the-operator' },
        upstreams: { app: { backends: [backend.url] } },
      }),
    );
    const { adminPort } = await startGateway(['--config', guarded]);
    expect(await runCli(['reload', '--config', guarded])).toMatchObject({ code: 0, stdout: 'nothing has changed\n' });
    expect((await request(adminPort, { path: '/reload', method: 'POST' })).status).toBe(401);
  });
});

it('a page in a browser cannot have the configuration read again', async () => {
  const headers = { origin: 'http://evil.example' };
  expect((await request(gateway.adminPort, { path: '/reload', method: 'POST', headers })).status).toBe(403);
  expect((await request(gateway.adminPort, { path: '/reload' })).status).toBe(405);
});
