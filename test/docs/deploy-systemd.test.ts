import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadFile } from '../../src/cli/load-file.js';
import { requireTool } from '../support/require-tool.js';
import { tempFolder } from '../support/temp.js';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../../deploy/systemd');

describe('deploy/systemd/gatehouse.service', () => {
  let unit: string;
  const settings = (name: string): string[] =>
    Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value]) => value!);
  const setting = (name: string): string => settings(name)[0]!;

  beforeAll(async () => {
    unit = await readFile(join(folder, 'gatehouse.service'), 'utf8');
  });

  it('is understood by systemd, which finds little that it could still be kept from', async () => {
    const tool = requireTool('systemd-analyze');
    const file = join(await tempFolder(), 'gatehouse.service');
    // systemd looks for the program, which is not installed here.
    await writeFile(file, unit.replaceAll('/opt/gatehouse/bin/gatehouse', process.execPath));
    expect(await run(tool, ['verify', '--man=no', file])).toEqual({ stdout: '', stderr: '' });
    // Exposure in tenths, of 100; a unit without any of it has 96.
    await run(tool, ['security', '--offline=yes', '--no-pager', '--threshold=20', file]);
  });

  it('gives the gateway the time that its configuration asks for, and descriptors for all clients', () => {
    const { config, warnings } = loadFile(join(folder, 'gateway.yaml'), {});
    expect(warnings).toEqual([]);
    const { delay, grace } = config.shutdown;
    expect(Number(setting('TimeoutStopSec')) * 1000).toBeGreaterThan(delay + grace);
    expect((Number(setting('LimitNOFILE')) - 64) / 2).toBeGreaterThan(config.listeners[0]!.limits.connections);
  });

  it('starts and reloads one file, and sends the end to one process only', () => {
    const of = (command: string): string =>
      `/opt/gatehouse/bin/gatehouse ${command} --config /etc/gatehouse/gateway.yaml`;
    expect([settings('ExecStart'), settings('ExecReload')]).toEqual([[of('run')], [of('reload')]]);
    expect(setting('KillMode')).toBe('mixed');
    expect(setting('MemoryDenyWriteExecute')).toBe('no');
  });
});
