import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Burst } from '#bench/load/load';
import { messageFrame } from '#bench/load/message-frame';

/** A burst of messages; without seconds the tunnels are opened and held, idle, until the process is ended. */
const { port, work, connections, seconds } = JSON.parse(process.argv[2] ?? '{}') as Burst;
const handshake =
  `GET ${work.path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
const size = work.answerBytes;
const asked = messageFrame(size, true);
const echoed = messageFrame(size, false).length;
/** How many handshakes are under way at once. */
const batch = 50;

let [messages, errors, isOver] = [0, 0, false];
const waited = createHistogram();

async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const failed = (): void => {
    if (!isOver) errors++;
  };
  socket.on('error', failed).on('end', failed);
  socket.write(handshake);
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(`no tunnel: ${head.toString('latin1')}`);
  return socket;
}

/** Sends a message, and the next when all of its echo is there. */
function talk(socket: Socket): void {
  let missing = echoed;
  let sentAt = performance.now();
  socket.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing > 0) return;
    if (missing < 0) errors++;
    missing = echoed;
    if (isOver) return;
    messages++;
    const now = performance.now();
    waited.record(Math.max(1, Math.round((now - sentAt) * 1000)));
    sentAt = now;
    socket.write(asked);
  });
  socket.write(asked);
}

const sockets: Socket[] = [];
while (sockets.length < connections) {
  const count = Math.min(batch, connections - sockets.length);
  sockets.push(...(await Promise.all(Array.from({ length: count }, open))));
}
if (seconds === 0) {
  process.stdout.write('HELD\n');
  setInterval(() => {
    if (errors > 0) throw new Error('a tunnel has ended');
  }, 100);
} else {
  const started = performance.now();
  for (const socket of sockets) talk(socket);
  await pause(seconds * 1000);
  isOver = true;
  const summary = {
    requests: messages,
    seconds: (performance.now() - started) / 1000,
    bytes: messages * size,
    errors,
    p50: waited.percentile(50) / 1000,
    p99: waited.percentile(99) / 1000,
  };
  // Messages under way are answered first, so that no client is cut in the middle of one.
  await pause(100);
  for (const socket of sockets) socket.destroy();
  process.stdout.write(`RESULT ${JSON.stringify(summary)}\n`);
}
