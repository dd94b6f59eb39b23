import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answer, refusedPort, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { runCli, startGateway, type RunningGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

/** The program with a configuration file that answers every request itself, and writes other texts into it. */
async function running() {
  const text = (body: string, more = ''): string =>
    `listeners: [{ name: web, host: 127.0.0.1, port: 0 }]\nadmin: { host: 127.0.0.1, port: 0 }\nroutes: [{ name: all, respond: { body: ${body} } }]\n${more}`;
  const gateway = await startGateway(text('one'));
  const file = gateway.configFile!;
  const said = async (): Promise<string> => (await request(gateway.port)).text;
  const saysSoon = (body: string): Promise<void> =>
    eventually(async () => expect(await said()).toBe(body)) as Promise<void>;
  return { gateway, file, text, said, saysSoon };
}

const refused = (gateway: RunningGateway, number = 1): Promise<unknown> =>
  eventually(() => gateway.logs().filter(({ msg }) => msg?.startsWith('configuration not changed')).length >= number);

describe('a configuration file that is changed while the gateway runs', () => {
  it.each([
    ['is written in place', async (file: string, text: string) => writeFile(file, text)],
    [
      'is saved as editors do, by another file in its place',
      async (file: string, text: string) => {
        await writeFile(`${file}.new`, text);
        await rename(`${file}.new`, file);
      },
    ],
    [
      'is deleted and made again',
      async (file: string, text: string) => {
        await rm(file);
        await writeFile(file, text);
      },
    ],
  ])('takes effect when it %s, and the log says what has changed', async (_how, write) => {
    const { gateway, file, text, saysSoon } = await running();
    await write(file, text('two'));
    await saysSoon('two');
    await gateway.waitForLog(({ msg }) => msg === 'route all: respond.body one → two');
    expect(await metricAt(gateway.adminPort, 'gatehouse_config_reloads_total', { result: 'applied' })).toBe(1);
    expect((await gateway.stop()).code).toBe(0);
  });

  it('changes nothing while it is broken, says where, and takes effect when it is mended', async () => {
    const { gateway, file, text, said, saysSoon } = await running();
    await writeFile(file, text('two', 'upstreams: { app: { backends: [nonsense] } }\n'));
    await refused(gateway);
    const { msg } = gateway.logs().find(line => line.msg?.startsWith('configuration not changed'))!;
    expect(msg).toMatch(/^configuration not changed: .*:4:\d+ upstreams\.app\.backends\[0\]/);
    expect(await said()).toBe('one');
    const health = await request(gateway.adminPort, { path: '/health' });
    expect([health.status, JSON.parse(health.text)]).toMatchObject([
      200,
      { details: { gateway: { status: 'degraded' } } },
    ]);
    expect(await metricAt(gateway.adminPort, 'gatehouse_config_reload_success')).toBe(0);
    await writeFile(file, text('three'));
    await saysSoon('three');
    expect(await metricAt(gateway.adminPort, 'gatehouse_config_reload_success')).toBe(1);
  });

  it('takes effect where a folder is swapped below a symbolic link, as Kubernetes does', async () => {
    const folder = await tempFolder();
    const { text } = await running();
    for (const [name, body] of [
      ['first', 'one'],
      ['second', 'two'],
    ] as const) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'gateway.yaml'), text(body));
    }
    await symlink('first', join(folder, '..data'));
    await symlink('..data/gateway.yaml', join(folder, 'gateway.yaml'));
    const gateway = await startGateway(['--config', join(folder, 'gateway.yaml')]);
    expect((await request(gateway.port)).text).toBe('one');
    await symlink('second', join(folder, '..next'));
    await rename(join(folder, '..next'), join(folder, '..data'));
    await eventually(async () => expect((await request(gateway.port)).text).toBe('two'));
  });

  it('is read again by SIGHUP, also when it is the same', async () => {
    const { gateway, said } = await running();
    gateway.signal('SIGHUP');
    await gateway.waitForLog(({ msg }) => msg === 'configuration read again: nothing has changed');
    expect(await said()).toBe('one');
  });
});

describe('gatehouse reload', () => {
  const admin = (gateway: RunningGateway): string[] => ['reload', '--admin', `http://127.0.0.1:${gateway.adminPort}`];

  it('prints what has changed, or that nothing has', async () => {
    const { gateway, file, text, saysSoon } = await running();
    await writeFile(file, text('two'));
    await saysSoon('two');
    expect(await runCli(admin(gateway))).toMatchObject({ code: 0, stdout: 'nothing has changed\n' });
  });

  it('fails with the problems when the file is refused', async () => {
    const { gateway, file, text } = await running();
    await writeFile(file, text('two', 'nonsense: 1\n'));
    const { code, stderr } = await runCli(admin(gateway));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/still in force\.\n.*:4:1 nonsense/)]);
  });

  it('says so when no gateway answers', async () => {
    const { code, stderr } = await runCli(['reload', '--admin', 'http://127.0.0.1:1']);
    expect([code, stderr]).toEqual([4, expect.stringContaining('no gateway answers at http://127.0.0.1:1')]);
  });

  it('finds the admin listener and its token in the file', async () => {
    const backend = await startBackend(answer(200, 'fine'));
    const folder = await tempFolder();
    const file = join(folder, 'gateway.yaml');
    await writeFile(
      file,
      stringify({
        listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
        admin: { host: '127.0.0.1', port: await refusedPort(), token: 'secret-of-the-operator' },
        upstreams: { app: { backends: [backend.url] } },
      }),
    );
    const gateway = await startGateway(['--config', file]);
    expect(await runCli(['reload', '--config', file])).toMatchObject({ code: 0, stdout: 'nothing has changed\n' });
    expect((await request(gateway.adminPort, { path: '/reload', method: 'POST' })).status).toBe(401);
  });
});

it('a page in a browser cannot have the configuration read again', async () => {
  const { gateway } = await running();
  const headers = { origin: 'http://evil.example' };
  expect((await request(gateway.adminPort, { path: '/reload', method: 'POST', headers })).status).toBe(403);
  expect((await request(gateway.adminPort, { path: '/reload' })).status).toBe(405);
});
