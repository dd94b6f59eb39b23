import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { requireBuild } from '../support/build.js';
import { Child } from '../support/child.js';
import { request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { nodePath, startGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';
import { configFile } from './spawn.js';

const command = fileURLToPath(new URL('../../bin/gatehouse.mjs', import.meta.url));

describe('a running gateway', () => {
  it('opens no debugger, ignores what it cannot do yet with a line in its log, and drains after SIGQUIT', async () => {
    const release = Promise.withResolvers<void>();
    const backend = await startBackend((_, response) => void release.promise.then(() => response.end('done')));
    const gateway = await startGateway({ upstreams: { app: { backends: [backend.url] } } });
    const slow = request(gateway.port);
    await backend.received();
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
      gateway.signal(signal);
      expect(await gateway.waitForLog(line => line['signal'] === signal)).toMatchObject({ level: 40 });
    }
    gateway.signal('SIGQUIT');
    expect(await gateway.waitForLog(line => line['signal'] === 'SIGQUIT')).toMatchObject({ msg: 'draining' });
    release.resolve();
    expect(await slow).toMatchObject({ status: 200, text: 'done' });
    expect(await gateway.child.exited).toEqual({ code: 0, signal: null });
    // Where Node says that a debugger listens, or that it could not.
    expect(gateway.stderr).toBe('');
  });
});

/** The command on a Node that is too old for the program, so that it starts another one; and the process id of that one. */
async function startOnOldNode(): Promise<{ child: Child; inner: number; url: string }> {
  requireBuild();
  const wrapper = join(await tempFolder(), 'old.mjs');
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });`;
  await writeFile(wrapper, `${pretend}\nawait import(${JSON.stringify(command)});\n`);
  const file = await configFile({ upstreams: { app: { backends: ['http://127.0.0.1:9'] } } });
  const child = new Child(nodePath, [wrapper, 'run', '--config', file]);
  const listening = /"listener":"web","url":"([^"]+)"/;
  await child.until(() => listening.test(child.stdout), 20_000, 'web listening');
  const inner = await childOf(child.process.pid!);
  return { child, inner, url: listening.exec(child.stdout)![1]! };
}

async function childOf(parent: number): Promise<number> {
  const ps = new Child('ps', ['-o', 'pid=', '--ppid', String(parent)]);
  await ps.exited;
  return Number(ps.stdout.trim());
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the command on an older Node', () => {
  it('takes the gateway with it when it is killed, so that the port is free again', async () => {
    const { child, inner, url } = await startOnOldNode();
    child.process.kill('SIGKILL');
    await child.exited;
    await eventually(() => expect(isAlive(inner)).toBe(false));
    await expect(request(Number(new URL(url).port))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('opens no debugger, passes signals on, and ends when the gateway is killed', async () => {
    const { child, inner } = await startOnOldNode();
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
      child.process.kill(signal);
      await child.until(() => child.stdout.includes(`"signal":"${signal}"`), 10_000, `${signal} was logged`);
    }
    process.kill(inner, 'SIGKILL');
    expect(await child.exited).toEqual({ code: 137, signal: null });
    expect(child.stderr).toBe('');
  });
});
