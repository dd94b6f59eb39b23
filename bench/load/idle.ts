import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AnswerReader } from '#bench/load/answer-reader';

/** What is to be held: connections that have carried one request each. */
export interface IdleLoad {
  readonly port: number;
  readonly path: string;
  readonly answerBytes: number;
  readonly connections: number;
}

/** How many requests are under way at once. */
const batch = 50;

const { port, path, answerBytes, connections } = JSON.parse(process.argv[2] ?? '{}') as IdleLoad;
let isLost = false;

async function open(): Promise<void> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => (isLost = true)).on('close', () => (isLost = true));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const answers = new AnswerReader(answerBytes);
  for (let isGood: boolean | undefined; isGood !== true;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    isGood = answers.read(chunk);
    if (isGood === false) throw new Error(`not the answer that was expected: ${chunk.toString('latin1', 0, 200)}`);
  }
  // Without a reader the end of a connection would not be seen.
  socket.resume();
}

for (let held = 0; held < connections; held += batch) {
  await Promise.all(Array.from({ length: Math.min(batch, connections - held) }, open));
}
process.stdout.write('HELD\n');
setInterval(() => {
  if (isLost) throw new Error('a connection was closed');
}, 100);
