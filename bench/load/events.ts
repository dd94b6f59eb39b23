import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { ageOfEvent, countEvents } from '#bench/load/event-chunk';
import type { Burst } from '#bench/load/load';

const { port, work, connections, seconds } = JSON.parse(process.argv[2] ?? '{}') as Burst;
const request = `GET ${work.path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n`;

let [events, errors, isOver] = [0, 0, false];
const waited = createHistogram();

function count(chunk: Buffer): void {
  events += countEvents(chunk);
  const age = ageOfEvent(chunk);
  if (age !== undefined) waited.record(Math.max(1, age));
}

async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const failed = (): void => {
    if (!isOver) errors++;
  };
  socket.on('error', failed).on('end', failed);
  socket.write(request);
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(`no stream: ${head.toString('latin1')}`);
  count(head);
  return socket.on('data', count);
}

const started = performance.now();
const sockets = await Promise.all(Array.from({ length: connections }, open));
await pause(seconds * 1000);
isOver = true;
const summary = {
  requests: events,
  seconds: (performance.now() - started) / 1000,
  bytes: events * work.answerBytes,
  errors,
  p50: waited.percentile(50) / 1000,
  p99: waited.percentile(99) / 1000,
};
for (const socket of sockets) socket.destroy();
process.stdout.write(`RESULT ${JSON.stringify(summary)}\n`);
