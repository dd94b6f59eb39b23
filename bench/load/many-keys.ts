import { once } from 'node:events';
import { connect } from 'node:net';

/** Requests whose keys, in `X-Key`, come in turn, pipelined over a few connections, so that few round trips are waited for. */
export interface ManyKeys {
  readonly port: number;
  /** The number of the first key. */
  readonly first: number;
  readonly keys: number;
  readonly requests: number;
  readonly connections: number;
  /** Requests that are sent ahead on each connection. */
  readonly ahead: number;
}

const { port, first, keys, requests, connections, ahead } = JSON.parse(process.argv[2] ?? '{}') as ManyKeys;
let sent = 0;
const statuses: Record<string, number> = {};

/** Sends requests until none are left. The answers have no body. */
async function send(): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  while (sent < requests) {
    let due = 0;
    let text = '';
    for (; due < ahead && sent < requests; due++)
      text += `GET / HTTP/1.1\r\nHost: x\r\nX-Key: key-${first + (sent++ % keys)}\r\n\r\n`;
    socket.write(text);
    for (let rest = ''; due > 0;) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
        const status = rest.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        rest = rest.slice(end + 4);
        due--;
      }
    }
  }
  socket.destroy();
}

await Promise.all(Array.from({ length: connections }, send));
process.stdout.write(`RESULT ${JSON.stringify(statuses)}\n`);
