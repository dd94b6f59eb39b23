import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { startGateway, type RunningGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

describe('a configuration in several files', () => {
  let folder: string;
  let gateway: RunningGateway;

  beforeAll(async () => {
    folder = await tempFolder();
    const [shop, orders] = await Promise.all([startBackend(answer(200, 'shop')), startBackend(answer(200, 'orders'))]);
    await mkdir(join(folder, 'conf.d'));
    await writeFile(
      join(folder, 'conf.d/orders.yaml'),
      `upstreams: { orders: { backends: ["${orders.url}"] }, spare: { backends: ["${orders.url}"] } }
routes:
  - { name: orders, match: { path: /orders/* }, upstream: orders }
  - { name: page, match: { path: /page }, respond: { body: { file: page.html } } }
security: { validation: { methods: [GET] } }
`,
    );
    await writeFile(join(folder, 'conf.d/page.html'), 'beside the included file');
    gateway = await startGateway(
      `upstreams: { shop: { backends: ["${shop.url}"] } }
routes: [{ name: shop, upstream: shop }]
include: conf.d/*.yaml
workers: "\${WORKERS:-2}"
`,
      { cwd: folder },
    );
  });

  it('serves the routes of all of them, with the files beside each', async () => {
    expect((await request(gateway.port, { path: '/' })).text).toBe('shop');
    expect((await request(gateway.port, { path: '/orders/1' })).text).toBe('orders');
    expect((await request(gateway.port, { path: '/page' })).text).toBe('beside the included file');
    expect((await request(gateway.port, { path: '/', method: 'DELETE' })).status).toBe(405);
  });

  it('names the file of a warning in its log', () => {
    expect(gateway.logs().find(({ msg }) => msg?.startsWith('no route leads'))).toMatchObject({
      file: join(folder, 'conf.d/orders.yaml'),
      line: 1,
      path: 'upstreams.spare',
    });
  });

  it('is shown and checked as a whole', async () => {
    const file = join(folder, 'gateway.yaml');
    const routes = await runCommand(['routes', file]);
    expect(routes.stdout).toMatch(/orders .*\n.*page .*\n.*shop /);
    const printed = parse((await runCommand(['print', file])).stdout) as Record<string, object>;
    expect(Object.keys(printed['upstreams']!)).toEqual(['shop', 'orders', 'spare']);
    expect(printed).not.toHaveProperty('include');
    const checked = await runCommand(['check', file]);
    expect(checked).toMatchObject({ code: 0, stdout: `${file} is valid\n` });
    expect(checked.stderr).toMatch(/^warning: \S+\/conf\.d\/orders\.yaml:1:\d+ upstreams\.spare: no route leads/);
  });

  it('is refused with the place of the fault in the file that has it', async () => {
    const other = await tempFolder();
    await writeFile(join(other, 'gateway.yaml'), 'include: routes.yaml\nupstreams: { app: { backends: [http://a] } }');
    await writeFile(join(other, 'routes.yaml'), 'routes:\n  - { upstream: ap }');
    const checked = await runCommand(['check', '--json', join(other, 'gateway.yaml')]);
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      valid: false,
      problems: [{ file: join(other, 'routes.yaml'), line: 2, column: 17, path: 'routes[0].upstream' }],
    });
  });
});
