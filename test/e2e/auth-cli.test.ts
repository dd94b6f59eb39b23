import { expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { startInProcess } from '../support/in-process.js';
import { runCli } from '../support/program.js';

it('gatehouse hash-password makes what the file takes, and the password opens the gateway', async () => {
  const { code, stdout, stderr } = await runCli(['hash-password'], { stdin: 'correct horse\n' });
  expect([code, stderr]).toEqual([0, '']);
  const backend = await startBackend(answer(200));
  const gateway = await startInProcess({
    upstreams: { app: { backends: [backend.url] } },
    security: { auth: { basic: { users: [{ name: 'ops', scrypt: stdout.trimEnd() }] } } },
  });
  const status = async (password: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`ops:${password}`).toString('base64')}`;
    return (await request(gateway.port, { headers: { authorization } })).status;
  };
  expect([await status('correct horse'), await status('correct')]).toEqual([200, 401]);
});

it('gatehouse hash-password takes no password from its arguments, where others could read it', async () => {
  const { code, stdout, stderr } = await runCommand(['hash-password', 'hunter2']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).not.toContain('$scrypt$');
});
