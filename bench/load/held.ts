import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';

/** What a client holds open, without a byte going over it. */
export type HeldKind = 'http' | 'tls' | 'h2' | 'tunnel' | 'stream' | 'waiting';

/** What is to be held. */
export interface HeldLoad {
  readonly kind: HeldKind;
  readonly port: number;
  readonly connections: number;
  /** The loopback address that the connections come from; an address has 28,000 ports towards one listener. */
  readonly from: string;
}

/** How many are opened at once. */
const batch = 50;

const { kind, port, connections, from } = JSON.parse(process.argv[2] ?? '{}') as HeldLoad;
let isLost = false;

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
/** What a client sends, and how the answer begins that it waits for. */
const exchanges: Readonly<Record<Exclude<HeldKind, 'h2'>, readonly [request: string, answer: string]>> = {
  http: ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 200 '],
  tls: ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/1.1 200 '],
  tunnel: [`GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`, 'HTTP/1.1 101 '],
  stream: ['GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n', 'HTTP/1.1 200 '],
  waiting: ['GET /wait HTTP/1.1\r\nHost: x\r\n\r\n', ''],
};

function connectFrom(): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
  return socket.on('error', lost).on('close', lost);
}

async function open(): Promise<void> {
  if (kind === 'h2') return openSession();
  const [request, answer] = exchanges[kind];
  const socket = connectFrom();
  const channel = kind === 'tls' ? connectSecure({ socket, rejectUnauthorized: false }).on('error', lost) : socket;
  channel.write(request);
  if (answer === '') await once(channel, 'connect');
  else {
    const [head] = (await once(channel, 'data')) as [Buffer];
    if (!head.toString('latin1').startsWith(answer))
      throw new Error(`not what was expected: ${head.toString('latin1')}`);
  }
  channel.resume();
}

async function openSession(): Promise<void> {
  const session: ClientHttp2Session = connectHttp2(`https://127.0.0.1:${port}`, {
    createConnection: () => connectSecure({ socket: connectFrom(), rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
  });
  session.on('error', lost).on('close', lost);
  const stream = session.request({ ':path': '/' });
  const [head] = (await once(stream, 'response')) as [{ ':status'?: number }];
  if (head[':status'] !== 200) throw new Error(`not what was expected: ${head[':status']}`);
  stream.resume();
  await once(stream, 'close');
}

function lost(): void {
  isLost = true;
}

for (let held = 0; held < connections; held += batch) {
  await Promise.all(Array.from({ length: Math.min(batch, connections - held) }, open));
}
process.stdout.write('HELD\n');
setInterval(() => {
  if (isLost) throw new Error('one of them was closed');
}, 100);
