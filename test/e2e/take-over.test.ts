import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { request } from '../support/client.js';
import { runCli, startGateway } from '../support/program.js';
import { configuration, takesOver } from '../support/take-over-scene.js';
import { tempFolder } from '../support/temp.js';

it('a gateway that a successor follows refuses no client that comes meanwhile, ends with what is in flight, and exits with 0', () =>
  takesOver(1));

describe('a start with --take-over', () => {
  it('is a start like others where no gateway runs', async () => {
    const { config, port } = await configuration(1);
    const folder = await tempFolder();
    const file = join(folder, 'gateway.yaml');
    await writeFile(file, stringify(config('only')));
    await startGateway(['--config', file, '--take-over']);
    expect((await request(port)).text).toBe('only');
  });

  it('ends, and leaves the gateway alone that runs, when that one does not know its token', async () => {
    const { config, port } = await configuration(1);
    const first = await startGateway(config('first'));
    const file = `${first.configFile!}.other`;
    await writeFile(
      file,
      stringify({ ...config('second'), admin: { ...config('second').admin, token: 'another-token' } }),
    );
    const { code, stderr } = await runCli(['run', '--config', file, '--take-over']);
    expect([code, stderr]).toEqual([3, expect.stringContaining('This needs the admin token')]);
    expect((await request(port)).text).toBe('first');
  });
});
