import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedConfig } from '../config/loading/compile.js';
import { configToRun } from './run-config.js';

const run = (...args: Parameters<typeof configToRun>): LoadedConfig['config'] => {
  const loaded = configToRun(...args);
  if (typeof loaded === 'string') throw new Error(loaded);
  return loaded.config;
};
const to = ['http://127.0.0.1:3001', 'http://127.0.0.1:3002'];

describe('what gatehouse run runs', () => {
  let folder: string;
  const file = (name: string): string => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, `upstreams: { ${name}: { backends: [http://127.0.0.1:9] } }`);
    return path;
  };

  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'gatehouse-run-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is a file: that of --config rather than that of GATEWAY_CONFIG', () => {
    const env = { GATEWAY_CONFIG: file('environment') };
    expect([...run({}, env).upstreams.keys()]).toEqual(['environment']);
    expect([...run({ config: file('argument') }, env).upstreams.keys()]).toEqual(['argument']);
  });

  it('is a way to backends without a file, on a port and with a strategy of choice', () => {
    const config = run({ to, port: 0, strategy: 'random' }, {});
    expect(config.listeners).toMatchObject([{ port: 0 }]);
    expect(config.listeners[0]!.tls).toBeUndefined();
    const backends = to.map(url => ({ url }));
    expect(config.upstreams.get('default')).toMatchObject({ backends, strategy: { name: 'random' } });
  });

  it('has the port for operators that --admin-port names, and only without a file', () => {
    expect(run({ to, adminPort: 9999 }, {}).admin.port).toBe(9999);
    expect(run({ to }, {}).admin.port).toBe(9901);
    expect(configToRun({ config: file('argument'), adminPort: 1 }, {})).toContain('--admin-port');
  });

  it('listens on 8080 unless it is told otherwise', () => {
    expect(run({ to }, {}).listeners).toMatchObject([{ port: 8080 }]);
  });

  it('is nothing where nothing is named, or an empty name', () => {
    for (const env of [{}, { GATEWAY_CONFIG: '' }]) expect(configToRun({}, env)).toMatch(/^nothing to run/);
  });
});
