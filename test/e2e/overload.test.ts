import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { requireBuild } from '../support/build.js';
import { Child } from '../support/child.js';
import { connectRaw, request, type RawClient } from '../support/client.js';
import { type EventBackend, openStream, startEventBackend } from '../support/event-stream.js';
import { connectCleartextHttp2 } from '../support/http2-client.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { nodePath } from '../support/program.js';
import { handshake } from '../support/upgrade-scene.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

const program = fileURLToPath(new URL('../support/stalling-program.ts', import.meta.url));

/** A gateway in a process of its own, whose event loop can be blocked. */
class StallingGateway {
  constructor(
    readonly child: Child,
    readonly port: number,
    readonly adminPort: number,
  ) {}

  /** Blocks it for so many milliseconds; resolves when that has begun, with the answer to come. */
  async stall(milliseconds: number): Promise<{ readonly answer: Promise<number> }> {
    const before = this.stalls;
    const answer = this.status(`/stall?${milliseconds}`);
    await this.child.until(() => this.stalls > before, 'the event loop was blocked');
    return { answer };
  }

  async status(path: string): Promise<number> {
    return (await request(this.port, { path })).status;
  }

  /** Waits until it lets requests in again. */
  async catchesUp(): Promise<void> {
    await eventually(async () => expect(await this.status('/')).toBe(200));
  }

  get stalls(): number {
    return this.child.stdout.split('stalls\n').length - 1;
  }

  /** Requests that were refused so far. */
  refused(): Promise<number> {
    return metricAt(this.adminPort, 'gatehouse_errors_total', { code: 'OVERLOADED' });
  }
}

/** Starts one with such a configuration. */
async function startStalling(config: object): Promise<StallingGateway> {
  requireBuild();
  const child = new Child(nodePath, [program, JSON.stringify(config)]);
  await child.until(() => child.stdout.includes('\n'), 'the gateway listened');
  const { port, admin } = JSON.parse(child.stdout) as { port: number; admin: string };
  return new StallingGateway(child, port, Number(admin));
}

const get = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
const upload = `POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 20000\r\n\r\n${'x'.repeat(20_000)}`;

describe('a gateway whose event loop is delayed for too long', () => {
  let gateway: StallingGateway;
  let backend: EventBackend;

  beforeAll(async () => {
    backend = await startEventBackend();
    const sockets = await startWebSocketBackend();
    gateway = await startStalling({
      overload: { eventLoopDelay: '500ms' },
      upstreams: { events: { backends: [backend.url] }, sockets: { backends: [sockets.url] } },
      routes: [
        { match: { path: '/events' }, upstream: 'events' },
        { match: { path: '/socket' }, upstream: 'sockets' },
        { match: { path: '/*' }, respond: { body: 'ok' } },
      ],
    });
  });

  it('refuses new requests of each protocol with 503 until it has caught up, but for those to the admin listener', async () => {
    const before = await gateway.refused();
    const clients = await Promise.all([1, 2, 3, 4].map(() => connectRaw(gateway.port)));
    const [plain, upgrade, events, body] = clients as [RawClient, RawClient, RawClient, RawClient];
    const http2 = await connectCleartextHttp2(gateway.port);
    const admin = await connectRaw(gateway.adminPort);
    // The start itself may have delayed it.
    await eventually(async () => expect(await http2.request()).toMatchObject({ status: 200 }));
    const { answer } = await gateway.stall(1500);
    plain.send(get);
    upgrade.send(handshake());
    events.send(get.replace('\r\n\r\n', '\r\nAccept: text/event-stream\r\n\r\n'));
    body.send(upload);
    const stream = http2.request();
    admin.send(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${gateway.adminPort}\r\n\r\n`);
    for (const client of clients) {
      const refused = await client.response();
      expect([refused.status, refused.header('retry-after'), refused.header('x-gateway-error')]).toEqual([
        503,
        '1',
        'OVERLOADED',
      ]);
      expect(refused.json()).toMatchObject({
        title: 'Overloaded',
        detail: 'The gateway is overloaded; try again later.',
      });
    }
    expect(await stream).toMatchObject({ status: 503, whole: true });
    expect((await admin.response()).status).toBe(200);
    // It had been let in before.
    expect(await answer).toBe(200);
    await gateway.catchesUp();
    expect(await gateway.refused()).toBeGreaterThanOrEqual(before + 5);
    for (const client of [plain, events, body]) {
      client.send(get);
      expect((await client.response()).status).toBe(200);
    }
    expect(await http2.request()).toMatchObject({ status: 200 });
  });

  it('takes another limit while it runs', async () => {
    const behindStall = async (): Promise<number> => {
      const client = await connectRaw(gateway.port);
      await gateway.stall(1000);
      client.send(get);
      return (await client.response()).status;
    };
    for (const [limit, status] of [
      ['0s', 200],
      ['400ms', 503],
    ] as const) {
      await gateway.status(`/limit?${limit}`);
      await eventually(async () => expect(await behindStall()).toBe(status), { interval: 50 });
      await gateway.catchesUp();
    }
  });

  it('goes on with the event streams and the tunnels that are open', async () => {
    const events = await openStream(gateway.port, { path: '/events' });
    const socket = await openWebSocket(gateway.port, { path: '/socket' });
    const client = await connectRaw(gateway.port);
    await gateway.stall(1500);
    client.send(get);
    socket.socket.send('hello');
    await backend.send('data: 1\n\n');
    expect((await client.response()).status).toBe(503);
    expect(await socket.next()).toBe('hello');
    await events.until('data: 1\n\n');
    events.leave();
    socket.socket.close();
    // What measures the delay keeps no process alive.
    expect(await gateway.child.stop()).toEqual({ code: 0, signal: null });
  });
});
