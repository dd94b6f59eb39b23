import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeBinary, type Machine } from '#bench/machine';
import { freePort, freePorts } from '#bench/ports';
import { untilReady } from '#bench/probe';
import type { Stage } from '#bench/stage';
import { nginxCommand, nginxVersion } from '#bench/subjects/nginx';
import { workNamed, type Work } from '#bench/work';

/** The backends of a run: their addresses as `host:port`, and what serves them, for readers. */
export interface Backends {
  readonly addresses: readonly string[];
  readonly server: string;
}

/** Two backends have a port each; many share one port on loopback addresses of their own, since free ports are few. */
async function chooseAddresses(count: number): Promise<string[]> {
  if (count <= 2) return (await freePorts(count)).map(port => `127.0.0.1:${port}`);
  const port = await freePort();
  return Array.from(
    { length: count },
    (_, index) => `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}:${port}`,
  );
}

/** Starts backends on the load's core: nginx with fixed answers where it is installed, since it costs least, or else node:http. */
export async function startBackends(stage: Stage, machine: Machine, count: number): Promise<Backends> {
  const addresses = await chooseAddresses(count);
  const folder = stage.folderFor('backend');
  const version = nginxVersion();
  if (version !== undefined) {
    writeFileSync(join(folder, '64k'), Buffer.alloc(64 * 1024, 'x'));
    writeFileSync(join(folder, '1m'), Buffer.alloc(1024 * 1024, 'x'));
  }
  const command =
    version === undefined
      ? { file: nodeBinary, args: [join(import.meta.dirname, 'servers/backend.ts'), ...addresses] }
      : nginxCommand(
          folder,
          `  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=10;
  server {
    ${addresses.map(address => `listen ${address};`).join('\n    ')}
    root ${folder};
    default_type text/plain;
    client_max_body_size 1m;
    location / { return 200 "${'x'.repeat(1024)}"; }
    location = /64k { }
    location = /1m { }
  }`,
        );
  const running = stage.start('backend', machine.pin('load', command));
  const [hostname, port] = (addresses[0] ?? '').split(':');
  await untilReady(running, { hostname: hostname ?? '', port: Number(port) }, workNamed('get-1k'));
  return {
    addresses,
    server: `${count} × ${version === undefined ? `node:http ${machine.node}` : `nginx ${version}`}`,
  };
}

/** Milliseconds from one event of a stream to the next. */
const eventPause = 4;

/** What answers where HTTP alone will not do: one program each, in Node. */
const servers = {
  websocket: { file: 'servers/websocket-echo.ts', args: [], server: 'a bare echo' },
  events: { file: 'servers/event-stream.ts', args: [eventPause], server: `an event every ${eventPause} ms` },
};

/** Starts what a work needs on the load's core: two web servers, or one server of WebSockets or event streams. */
export async function startBackendsFor(work: Work, stage: Stage, machine: Machine): Promise<Backends> {
  if (work.protocol !== 'websocket' && work.protocol !== 'events') return startBackends(stage, machine, 2);
  const { file, args, server } = servers[work.protocol];
  const port = await freePort();
  const command = { file: nodeBinary, args: [join(import.meta.dirname, file), String(port), ...args.map(String)] };
  const running = stage.start('backend', machine.pin('load', command));
  await untilReady(running, { hostname: '127.0.0.1', port }, work);
  return { addresses: [`127.0.0.1:${port}`], server };
}
