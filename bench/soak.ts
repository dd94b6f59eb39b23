import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocket, WebSocketServer } from 'ws';
import { nodeBinary } from '#bench/machine';
import { positive } from '#bench/number';
import { freePorts } from '#bench/ports';
import { runProgram } from '#bench/program';

const usage = `A long run of mixed traffic against the built program, while its configuration changes and its backends come and go: does it stay as small as it was?
Requests with and without bodies, clients that leave in the middle, event streams and WebSockets; a changed file every two seconds, every tenth of them broken; a backend
that dies and comes back every ten seconds.

  --minutes N     how long (10)
  --rate N        requests a second (300)
  --growth MIB    memory that it may have gained from the first half to the second (32)
`;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '300' },
    growth: { type: 'string', default: '32' },
    help: { type: 'boolean', default: false },
  },
});

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const reasons: Record<string, number> = {};
const counts = { answered: 0, failed: 0, left: 0, messages: 0, events: 0 };

/** A backend that can be taken down and brought back on the same port. */
class Backend {
  readonly port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = (this.#server = createServer((incoming, response) => {
      if (incoming.url === '/events') return stream(response);
      incoming.on('error', () => {}).resume();
      incoming.on('end', () => response.end('x'.repeat(incoming.url === '/large' ? 200_000 : 500)));
    }));
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', socket => socket.on('message', data => socket.send(data)).on('error', () => {}));
    await once(server.listen(this.port, '127.0.0.1'), 'listening');
  }

  stop(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}

function stream(response: import('node:http').ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(() => response.write('data: tick\n\n'), 500);
  response.on('close', () => clearInterval(timer));
}

function file(port: number, admin: number, backends: readonly Backend[], round: number): string {
  return JSON.stringify({
    listeners: [{ name: 'web', host: '127.0.0.1', port, limits: { headerTimeout: `${10 + (round % 3)}s` } }],
    admin: { host: '127.0.0.1', port: admin },
    logging: { level: 'error' },
    upstreams: {
      app: {
        backends: backends.filter((_, index) => (round + index) % 3 !== 0 || index === 0).map(({ url }) => url),
        connections: { max: 100 + (round % 4) },
        healthCheck: { type: 'http', path: '/', interval: '1s' },
      },
    },
    routes: [{ name: 'all', upstream: 'app', timeouts: { response: `${5 + (round % 10)}s` } }],
  });
}

/** Sends requests at an even rate: of twenty one has a body, one is a large answer, and one client leaves before the end. */
function traffic(port: number, rate: number): () => void {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let number = 0;
  const timer = setInterval(() => {
    for (let due = Math.ceil(rate / 50); due > 0; due--) send(port, agent, number++ % 20);
  }, 20);
  return () => {
    clearInterval(timer);
    agent.destroy();
  };
}

function send(port: number, agent: Agent, kind: number): void {
  const leaves = kind === 2;
  const path = kind < 3 && kind > 0 ? '/large' : '/';
  const outgoing = request({ port, path, agent, method: kind === 0 ? 'POST' : 'GET' }, response => {
    response.on('error', () => {}).resume();
    if (leaves)
      return void response.once('data', () => {
        counts.left++;
        outgoing.destroy();
      });
    response.on('end', () => {
      if (response.statusCode === 200) counts.answered++;
      else failed(`${response.statusCode} ${String(response.headers['x-gateway-error'])}`);
    });
  });
  outgoing.on('error', (error: NodeJS.ErrnoException) => failed(String(error.code)));
  outgoing.end(kind === 0 ? 'b'.repeat(20_000) : undefined);
}

/** Counts a request that was not answered as it should be, by what its client has seen. */
function failed(reason: string): void {
  counts.failed++;
  reasons[reason] = (reasons[reason] ?? 0) + 1;
}

/** Keeps a WebSocket open: sends a message a second, and opens another one when it has ended. */
function talk(port: number): void {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  const timer = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('hello'), 1_000);
  socket.on('message', () => counts.messages++).on('error', () => {});
  socket.on('close', () => {
    clearInterval(timer);
    setTimeout(talk, 500, port).unref();
  });
}

/** The same with an event stream. */
function listen(port: number): void {
  const again = (): void => void setTimeout(listen, 500, port).unref();
  get({ port, path: '/events', headers: { accept: 'text/event-stream' } }, response => {
    response
      .on('data', () => counts.events++)
      .on('error', () => {})
      .on('close', again);
  }).on('error', again);
}

/** Waits until the gateway takes traffic. */
async function ready(admin: number): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await pause(100)) {
    const response = await fetch(`http://127.0.0.1:${admin}/health/ready`).catch(() => undefined);
    if (response?.ok === true) return;
  }
  throw new Error('the gateway was not ready within a minute');
}

function sizeOf(pid: number): { mebibytes: number; descriptors: number } {
  const kibibytes = Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { mebibytes: Math.round(kibibytes / 1024), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

await runProgram(async () => {
  if (options.help) {
    console.log(usage);
    return true;
  }
  const minutes = positive(options.minutes, 'minutes');
  const [port = 0, admin = 0, ...ports] = await freePorts(5);
  const backends = ports.map(each => new Backend(each));
  await Promise.all(backends.map(backend => backend.start()));
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-soak-'));
  const config = join(folder, 'gateway.yaml');
  writeFileSync(config, file(port, admin, backends, 0));
  const gateway = spawn(nodeBinary, [main, 'run', '--config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await ready(admin);
    const stopTraffic = traffic(port, positive(options.rate, 'rate'));
    for (let client = 0; client < 20; client++) {
      talk(port);
      listen(port);
    }
    const sizes: ReturnType<typeof sizeOf>[] = [];
    const began = performance.now();
    for (let second = 1; performance.now() - began < minutes * 60_000; second++) {
      await pause(1_000);
      if (gateway.exitCode !== null) throw new Error(`the gateway has ended with ${gateway.exitCode}`);
      if (second % 2 === 0) {
        const round = second / 2;
        writeFileSync(config, round % 10 === 0 ? 'listeners: broken\n' : file(port, admin, backends, round));
      }
      const last = backends.at(-1)!;
      if (second % 10 === 5) last.stop();
      if (second % 10 === 8) await last.start();
      if (second % 10 !== 0) continue;
      sizes.push(sizeOf(gateway.pid!));
      console.log(`${second} s: ${JSON.stringify({ ...sizes.at(-1), ...counts, ...reasons })}`);
    }
    stopTraffic();
    return conclude(sizes, positive(options.growth, 'growth'));
  } finally {
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
    for (const backend of backends) backend.stop();
    rmSync(folder, { recursive: true });
  }
});

/** Memory rises and falls with each collection: what it comes back to must not rise. The first fifth is not looked at. */
function conclude(sizes: readonly ReturnType<typeof sizeOf>[], most: number): boolean {
  const settled = sizes.slice(Math.floor(sizes.length / 5));
  const [early, late] = [settled.slice(0, settled.length >> 1), settled.slice(settled.length >> 1)];
  const lowest = (all: typeof sizes): number => Math.min(...all.map(each => each.mebibytes));
  const grown = lowest(late) - lowest(early);
  const opened = median(late.map(each => each.descriptors)) - median(early.map(each => each.descriptors));
  console.log(
    `memory: the lowest of the second half is ${grown} MiB above that of the first (limit ${most}); descriptors: ${opened} more (limit 20); ${JSON.stringify({ ...counts, ...reasons })}`,
  );
  return grown <= most && opened <= 20;
}
