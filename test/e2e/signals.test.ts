import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { requireBuild } from '../support/build.js';
import { Child } from '../support/child.js';
import { request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { nodePath } from '../support/program.js';
import { tempFolder } from '../support/temp.js';
import { configFile } from './spawn.js';

const command = fileURLToPath(new URL('../../bin/gatehouse.mjs', import.meta.url));

const listening = /"listener":"web","url":"([^"]+)"/;

/** The command, on a Node that is too old for the program, so that it starts another one; and the process id of that one. */
async function startOnOldNode(args: readonly string[], ready?: RegExp): Promise<{ child: Child; inner: number }> {
  requireBuild();
  const wrapper = join(await tempFolder(), 'old.mjs');
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });`;
  await writeFile(wrapper, `${pretend}\nawait import(${JSON.stringify(command)});\n`);
  const child = new Child(nodePath, [wrapper, ...args], { stdin: null });
  if (ready !== undefined) await child.until(() => ready.test(child.stdout), String(ready));
  return { child, inner: await eventually(() => childOf(child.process.pid!)) };
}

async function startGatewayOnOldNode(backend = 'http://127.0.0.1:9') {
  const file = await configFile({ upstreams: { app: { backends: [backend] } } });
  const { child, inner } = await startOnOldNode(['run', '--config', file], listening);
  return { child, inner, port: Number(new URL(listening.exec(child.stdout)![1]!).port) };
}

/** The only child of a process; false while it has none. */
async function childOf(parent: number): Promise<number | false> {
  const text = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return text !== '' && Number(text);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the command on an older Node', () => {
  it('opens no debugger, passes signals on, and its gateway reads its file again or ignores what it cannot do, with a line in its log, and drains after SIGQUIT', async () => {
    const release = Promise.withResolvers<void>();
    const backend = await startBackend((_, response) => void release.promise.then(() => response.end('done')));
    const { child, port } = await startGatewayOnOldNode(backend.url);
    const slow = request(port);
    await backend.received();
    for (const [signal, level] of [
      ['SIGHUP', 30],
      ['SIGUSR1', 40],
      ['SIGUSR2', 40],
    ] as const) {
      child.process.kill(signal);
      const ignored = new RegExp(`"level":${level},.*"signal":"${signal}"`);
      await child.until(() => ignored.test(child.stdout), `${signal} was logged`);
    }
    child.process.kill('SIGQUIT');
    const draining = /"signal":"SIGQUIT".*"msg":"ending"/;
    await child.until(() => draining.test(child.stdout), 'SIGQUIT was logged');
    release.resolve();
    expect(await slow).toMatchObject({ status: 200, text: 'done' });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    // Where Node says that a debugger listens, or that it could not.
    expect(child.stderr).toBe('');
  });

  it('takes the gateway with it when it is killed, so that the port is free again', async () => {
    const { child, inner, port } = await startGatewayOnOldNode();
    child.process.kill('SIGKILL');
    await child.exited;
    await eventually(() => expect(isAlive(inner)).toBe(false));
    await expect(request(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('ends when the gateway is killed', async () => {
    // Also while the program is busy: this one waits for a password.
    const { child, inner } = await startOnOldNode(['hash-password']);
    process.kill(inner, 'SIGKILL');
    expect(await child.exited).toEqual({ code: 137, signal: null });
    expect(child.stderr).toBe('');
  });
});
