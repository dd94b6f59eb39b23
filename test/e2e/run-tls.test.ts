import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Echo, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { runCli } from '../support/program.js';
import { requireTool } from '../support/require-tool.js';
import { spawnProgram } from './spawn.js';

describe('gatehouse run --tls', () => {
  it('serves https with a certificate of its own that curl can verify, and leaves no key behind', async () => {
    const curl = requireTool('curl');
    const backend = await startBackend();
    const child = spawnProgram(['run', '--to', backend.url, '--tls', '--port', '0']);
    const shown = (): RegExpExecArray | null =>
      /Gatehouse serves (https:\/\/localhost:(\d+)\/)[^]*fingerprint: ([\dA-F:]+)\n[^]*curl --cacert (\S+) \S+\n/.exec(
        child.stderr,
      );
    const [, url = '', port = '', fingerprint = '', file = ''] = await eventually(() => shown() ?? false, {
      deadline: 20_000,
    });
    const pem = readFileSync(file, 'utf8');
    expect(new X509Certificate(pem).fingerprint256).toBe(fingerprint);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
    expect(statSync(file.replace('.pem', '.key')).mode & 0o777).toBe(0o600);
    const { stdout } = await promisify(execFile)(curl, ['-sS', '--cacert', file, `${url}by-curl`]);
    expect((JSON.parse(stdout) as Echo).url).toBe('/by-curl');
    const response = await request(Number(port), { tls: { ca: pem, servername: '' } });
    expect(response.status).toBe(200);
    await child.stop();
    expect(existsSync(dirname(file))).toBe(false);
  });

  it('goes with --to only', async () => {
    const { code, stderr } = await runCli(['run', '--tls']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gatehouse: --tls goes with --to/);
  });
});
