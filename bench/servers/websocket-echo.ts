import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { messageFrame } from '#bench/load/message-frame';

const [port] = process.argv.slice(2);

/**
 * A WebSocket server that answers each message of a connection with one of the same size. The size is the path: `/64`. All of
 * it is made beforehand, so that as little as possible of the load's core goes into it. A plain GET gets so many bytes as its
 * answer.
 */
createServer({ noDelay: true }, socket => {
  let head = '';
  const readHead = (chunk: Buffer): void => {
    head += chunk.toString('latin1');
    if (head.endsWith('\r\n\r\n')) {
      const size = Number(/^GET \/(\d+) /.exec(head)?.[1]);
      const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1];
      head = '';
      if (key === undefined) socket.write(answer(size));
      else {
        socket.off('data', readHead);
        echo(socket, size, key);
      }
    }
  };
  socket.on('data', readHead).on('error', () => socket.destroy());
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });

const answer = (size: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`;

function echo(socket: Socket, size: number, key: string): void {
  const asked = messageFrame(size, true).length;
  const frame = messageFrame(size, false);
  let missing = asked;
  socket.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    for (; missing <= 0; missing += asked) socket.write(frame);
  });
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}
