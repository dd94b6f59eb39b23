import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { AnswerReader } from '#bench/load/answer-reader';
import { planArrivals, type Spacing } from '#bench/load/arrivals';
import { now, type Pacing } from '#bench/load/pacer';

/** What an open-loop load is to be. */
export interface OpenLoad {
  readonly port: number;
  readonly path: string;
  readonly answerBytes: number;
  /** Kept connections. A request that is due while all of them are busy waits for one, and the time counts. */
  readonly connections: number;
  /** Requests a second, over all connections. */
  readonly rate: number;
  readonly spacing: Spacing;
  /** Seconds that do not count, before those that do. */
  readonly leadIn: number;
  readonly seconds: number;
}

/** What an open-loop load has seen. Milliseconds count from when a request was due, not from when it was sent. */
export interface OpenResult {
  readonly requests: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds that one of a hundred requests was sent after it was due, if a connection was free. */
  readonly late: number;
}

interface Connection {
  readonly socket: Socket;
  readonly answers: AnswerReader;
  due: number;
}

/** How long answers may take after the last request. */
const patience = 5000;

const { port, path, answerBytes, connections, rate, spacing, leadIn, seconds } = JSON.parse(
  process.argv[2] ?? '{}',
) as OpenLoad;
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
const plan = planArrivals(rate, leadIn + seconds, spacing);

const idle: Connection[] = [];
const waiting: number[] = [];
const took = createHistogram();
const late = createHistogram();
let [next, open, answered, errors, isOver] = [0, 0, 0, 0, false];

/** The histograms count from 1, in nanoseconds. */
const nanoseconds = (milliseconds: number): number => Math.max(1, Math.round(milliseconds * 1e6));

function send(connection: Connection, due: number): void {
  connection.due = due;
  open++;
  connection.socket.write(request);
}

function take(connection: Connection, chunk: Buffer, start: number): void {
  const isGood = connection.answers.read(chunk);
  if (isGood === undefined) return;
  const { due } = connection;
  open--;
  if (!isGood) errors++;
  else if (due >= start + leadIn * 1000) {
    answered++;
    took.record(nanoseconds(now() - due));
  }
  const waited = waiting.shift();
  if (waited === undefined) idle.push(connection);
  else send(connection, waited);
}

async function openConnection(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const failed = (): void => {
    if (!isOver) errors++;
  };
  return socket.on('error', failed).on('end', failed);
}

const sockets = await Promise.all(Array.from({ length: connections }, openConnection));
const count = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
// The thread needs a moment to begin.
const start = now() + 200;
for (const socket of sockets) {
  const connection: Connection = { socket, answers: new AnswerReader(answerBytes), due: 0 };
  socket.on('data', (chunk: Buffer) => take(connection, chunk, start));
  idle.push(connection);
}

const pacing: Pacing = { due: plan, start, count };
const pacer = new Worker(new URL('pacer.ts', import.meta.url), { workerData: pacing });
pacer.on('message', () => {
  for (const end = Atomics.load(count, 0); next < end; next++) {
    const due = start + (plan[next] ?? 0);
    const connection = idle.shift();
    if (connection === undefined) waiting.push(due);
    else {
      late.record(nanoseconds(now() - due));
      send(connection, due);
    }
  }
});
await once(pacer, 'exit');
for (const end = now() + patience; (open > 0 || waiting.length > 0) && now() < end;) await pause(10);

isOver = true;
const result: OpenResult = {
  requests: answered,
  errors: errors + open + waiting.length,
  p50: took.percentile(50) / 1e6,
  p99: took.percentile(99) / 1e6,
  late: late.percentile(99) / 1e6,
};
for (const socket of sockets) socket.destroy();
process.stdout.write(`RESULT ${JSON.stringify(result)}\n`);
