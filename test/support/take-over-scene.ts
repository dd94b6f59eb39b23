import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { refusedPort, startBackend } from './backend.js';
import { request } from './client.js';
import { eventually } from './poll.js';
import { runCli, startGateway, type RunningGateway } from './program.js';
import { openStream, startEventBackend } from './event-stream.js';

/** A gateway at fixed ports, which answers every request with a text. */
export async function configuration(workers: number, upstreams: object = {}) {
  const [port, adminPort] = [await refusedPort(), await refusedPort()];
  const config = (body: string) => ({
    workers,
    listeners: [{ name: 'web', host: '127.0.0.1', port }],
    admin: { host: '127.0.0.1', port: adminPort, token: 'a-token-for-tests' },
    upstreams,
    routes: [
      ...Object.keys(upstreams).map(name => ({ name, match: { path: `/${name}` }, upstream: name })),
      { name: 'all', respond: { body } },
    ],
  });
  return { port, adminPort, config };
}

const successorOf = async (file: string): Promise<RunningGateway> => startGateway(['--config', file, '--take-over']);

/** Clients that come one after the other, each with a connection of its own, until they are stopped. */
function keepComing(port: number, clients: number) {
  const [answers, failures]: [string[], unknown[]] = [[], []];
  let goesOn = true;
  const come = async (): Promise<void> => {
    while (goesOn) {
      // Often enough, and not all the time of the machine.
      await pause(15);
      await request(port).then(
        ({ text }) => answers.push(text),
        (error: unknown) => failures.push(error),
      );
    }
  };
  const all = Promise.all(Array.from({ length: clients }, come));
  const stop = async (): Promise<void> => {
    goesOn = false;
    await all;
  };
  return { answers, failures, stop };
}

/** One gateway follows another that is under load: no client is refused, and what is in flight ends. */
export async function takesOver(workers: number): Promise<void> {
  const release = Promise.withResolvers<void>();
  const slow = await startBackend((_, response) => void release.promise.then(() => response.end('slow')));
  const events = await startEventBackend();
  const { adminPort, config, port } = await configuration(workers, {
    slow: { backends: [slow.url] },
    events: { backends: [events.url] },
  });
  const first = await startGateway(config('first'));
  const stream = await openStream(port, { path: '/events' });
  const asked = request(port, { path: '/slow', timeout: 60_000 });
  await slow.received();
  const clients = keepComing(port, 4);
  await eventually(() => clients.answers.length > 20);
  // Without the option a second start is refused, as always.
  const refused = await runCli(['run', '--config', first.configFile!]);
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('another program listens there already')]);
  await writeFile(first.configFile!, stringify(config('second')));
  const second = await successorOf(first.configFile!);
  await eventually(() => clients.answers.at(-1) === 'second');
  release.resolve();
  expect((await asked).text).toBe('slow');
  expect(await first.child.exited).toEqual({ code: 0, signal: null });
  expect(await stream.end()).toBe('end');
  const before = clients.answers.length;
  await eventually(() => clients.answers.length > before + 20);
  await clients.stop();
  // The kernel resets what it deals to a socket in the very moment in which that closes, unless net.ipv4.tcp_migrate_req is set. On a busy machine the
  // thread may lose its core in that moment.
  const resets = clients.failures.filter(failure => (failure as NodeJS.ErrnoException).code === 'ECONNRESET');
  expect(clients.failures.filter(failure => !resets.includes(failure))).toEqual([]);
  expect(resets.length).toBeLessThan(clients.answers.length / 50);
  expect(clients.answers.slice(before)).not.toContain('first');
  expect((await request(adminPort, { path: '/health/ready' })).status).toBe(200);
  expect(first.logs().map(({ msg }) => msg)).toContain('ending: a successor listens');
  await second.stop();
}
