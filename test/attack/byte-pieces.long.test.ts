import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { makeCertificate } from '../support/certificate.js';
import { connectFrames, flag, frame, frameOf, requestFields } from '../support/http2-frames.js';
import { eventually } from '../support/poll.js';
import { type RunningGateway, startGateway } from '../support/program.js';
import { type RawScript, startRawBackend } from '../support/raw-backend.js';
import { tempFolder } from '../support/temp.js';
import { fromClient, fromServer } from '../support/tunnel-scene.js';
import { startUpgradeBackend, upgraded } from '../support/upgrade-scene.js';

/** One byte in a chunk of its own, many times. */
const chunks = Buffer.from('1\r\na\r\n'.repeat(10_000));
const singleBytes = 10_000;

/** The same of events. */
const eventChunks = Buffer.from(
  [...'data: a\n\n']
    .map(byte => `1\r\n${byte}\r\n`)
    .join('')
    .repeat(1_100),
);

/** A gateway that ends when it needs more than `heap` MiB. */
async function gatewayTo(
  backend: string,
  heap: number,
  more: { readonly listener?: object; readonly route?: object } = {},
  upstream: object = {},
) {
  return startGateway(
    {
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0, ...more.listener }],
      upstreams: { app: { backends: [backend], ...upstream } },
      routes: [
        { match: { path: '/alive' }, respond: { status: 200, body: 'alive' } },
        { match: { path: '/*' }, upstream: 'app', ...more.route },
      ],
    },
    { env: { NODE_OPTIONS: `--max-old-space-size=${heap}` } },
  );
}

/** Memory of a process in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  closeLater(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Writes pieces until so many bytes were taken, or the other side takes nothing more for a while. Gives the bytes that were. */
async function pour(socket: net.Socket, piece: Buffer, most: number): Promise<number> {
  for (let sent = 0; sent < most; sent += piece.length) {
    if (socket.destroyed) return sent;
    if (!socket.write(piece) && !(await drained(socket))) return sent;
  }
  return most;
}

function drained(socket: net.Socket): Promise<boolean> {
  return new Promise(resolve => {
    const late = setTimeout(() => resolve(false), 700);
    socket.once('drain', () => {
      clearTimeout(late);
      resolve(true);
    });
  });
}

async function expectAlive(gateway: RunningGateway): Promise<void> {
  expect(gateway.stderr).toBe('');
  expect(await request(gateway.port, { path: '/alive' })).toMatchObject({ status: 200, text: 'alive' });
}

const post = 'POST /up HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('uploads in chunks of one byte', () => {
  it('do not end a process with a small heap, while the backend does not read', async () => {
    const backend = await startRawBackend(connection => void connection.socket.pause());
    const gateway = await gatewayTo(backend.url, 256);
    const before = await memoryOf(gateway.pid);
    const clients = await Promise.all(Array.from({ length: 40 }, () => connect(gateway.port)));
    for (const client of clients) client.write(post);
    await Promise.all(clients.map(client => pour(client, chunks, 3_000_000)));
    expect((await memoryOf(gateway.pid)) - before).toBeLessThan(100);
    await expectAlive(gateway);
  });

  it('do not end a process with a small heap, where a schema needs the whole body', async () => {
    const schema = join(await tempFolder(), 'schema.json');
    await writeFile(schema, '{"type":"string"}');
    const backend = await startRawBackend();
    const gateway = await gatewayTo(backend.url, 256, {
      route: { security: { validation: { maxBody: '1mb', body: { schema } } } },
    });
    const before = await memoryOf(gateway.pid);
    const clients = await Promise.all(Array.from({ length: 12 }, () => connect(gateway.port)));
    const head = post.replace('\r\n\r\n', '\r\nContent-Type: application/json\r\n\r\n');
    for (const client of clients) client.write(head);
    await Promise.all(clients.map(client => pour(client, chunks, 100_000 * 6)));
    await expectAlive(gateway);
    expect((await memoryOf(gateway.pid)) - before).toBeLessThan(80);
  });

  it('arrive whole, and as few pieces, at a backend that reads', async () => {
    const backend = await startRawBackend();
    const gateway = await gatewayTo(backend.url, 256);
    const client = await connect(gateway.port);
    client.write(post);
    for (let i = 0; i < 5; i++) client.write(chunks);
    client.write('0\r\n\r\n');
    const connection = await backend.connection();
    const text = await connection.until('\r\n0\r\n\r\n');
    const body = text.slice(text.indexOf('\r\n\r\n') + 4);
    let bytes = 0;
    let pieces = 0;
    for (let at = 0; ; pieces++) {
      const end = body.indexOf('\r\n', at);
      const size = Number.parseInt(body.slice(at, end), 16);
      if (size === 0) break;
      bytes += size;
      at = end + 2 + size + 2;
    }
    expect(bytes).toBe(5 * singleBytes);
    expect(pieces).toBeLessThan(500);
  });
});

describe('answers in chunks of one byte', () => {
  const answers: Readonly<Record<string, [head: string, piece: Buffer]>> = {
    'in chunks': ['Transfer-Encoding: chunked', chunks],
    'of events': ['Content-Type: text/event-stream\r\nTransfer-Encoding: chunked', eventChunks],
    'of a declared length': ['Content-Length: 100000000', Buffer.alloc(60_000, 'a')],
  };
  const script = (head: string, piece: Buffer, poured: unknown[]): RawScript => {
    return connection => {
      connection.socket.setNoDelay(true);
      void connection.head().then(
        async () => {
          connection.respond(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
          await pour(connection.socket, piece, 1_500_000);
          poured.push(connection);
        },
        () => {},
      );
    };
  };
  for (const forwarder of ['default', 'http-proxy-middleware']) {
    for (const [what, [head, piece]] of Object.entries(answers)) {
      it(`do not end a process with a small heap, while their clients do not read: ${what}, by ${forwarder}`, async () => {
        const poured: unknown[] = [];
        const backend = await startRawBackend(script(head, piece, poured));
        const gateway = await gatewayTo(backend.url, 256, {}, { forwarder });
        const before = await memoryOf(gateway.pid);
        const clients = await Promise.all(Array.from({ length: 16 }, () => connect(gateway.port)));
        for (const client of clients) {
          client.pause();
          client.write('GET /down HTTP/1.1\r\nHost: a.example\r\n\r\n');
        }
        await eventually(() => poured.length === 16, { deadline: 110_000 });
        await expectAlive(gateway);
        expect((await memoryOf(gateway.pid)) - before).toBeLessThan(120);
      }, 120_000);
    }
  }
});

describe('DATA frames of one byte', () => {
  it('do not end a process with a small heap, while the backend does not read', async () => {
    const { certFile, keyFile } = await makeCertificate();
    const backend = await startRawBackend(connection => void connection.socket.pause());
    const gateway = await gatewayTo(backend.url, 256, {
      listener: { tls: { certificates: [{ cert: certFile, key: keyFile }] } },
    });
    const before = await memoryOf(gateway.pid);
    const client = await connectFrames(gateway.port);
    const fields = requestFields({ ':method': 'POST', ':path': '/up' });
    for (let stream = 1; stream < 40; stream += 2) {
      client.head(stream, fields, false);
      const byte = frameOf(frame.data, flag.none, stream, Buffer.from('a'));
      client.raw.send(Buffer.concat(Array.from({ length: 40_000 }, () => byte)));
    }
    client.head(101, requestFields({ ':path': '/alive' }));
    expect(await client.status(101)).toBe(200);
    expect((await memoryOf(gateway.pid)) - before).toBeLessThan(120);
  });
});

describe('WebSocket frames of one byte', () => {
  it.each(['client', 'backend'])('do not end a process with a small heap, while the %s does not read', async who => {
    const backend = await startUpgradeBackend();
    const gateway = await gatewayTo(backend.url, 256);
    const before = await memoryOf(gateway.pid);
    const pours: Promise<number>[] = [];
    for (let number = 1; number <= 16; number++) {
      const client = await upgraded(gateway.port);
      const server = await backend.connection(number);
      const [reader, writer, frame] =
        who === 'client'
          ? [client.socket, server.socket, fromServer(2, 'a')]
          : [server.socket, client.socket, fromClient(2, 'a')];
      reader.pause();
      pours.push(pour(writer, Buffer.alloc(frame.length * 20_000, frame), 1_500_000));
    }
    await Promise.all(pours);
    await expectAlive(gateway);
    expect((await memoryOf(gateway.pid)) - before).toBeLessThan(120);
  });
});
