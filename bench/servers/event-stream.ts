import { createServer, type Socket } from 'node:net';
import { eventChunk } from '#bench/load/event-chunk';

const [port, pause] = process.argv.slice(2);

/** The listeners, by the bytes that they want in each event. */
const streams = new Map<number, Set<Socket>>();

/** What a stream that is not read may hold back; beyond, it misses events. */
const mostWaiting = 1024 * 1024;

/**
 * A server of event streams: every client gets an event after each pause of so many milliseconds, all clients at once, as in a
 * broadcast. The bytes of an event are the path: `/100`. A GET that does not accept event streams gets so many bytes as its
 * answer.
 */
createServer({ noDelay: true }, socket => {
  let head = '';
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    if (!head.endsWith('\r\n\r\n')) return;
    const size = Number(/^GET \/(\d+) /.exec(head)?.[1]);
    const isListener = /^accept: *text\/event-stream/im.test(head);
    head = '';
    if (isListener) stream(socket, size);
    else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`);
  });
  socket.on('error', () => socket.destroy());
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });

function stream(socket: Socket, size: number): void {
  const listeners = streams.get(size) ?? new Set();
  streams.set(size, listeners.add(socket));
  socket.on('close', () => listeners.delete(socket)).on('end', () => socket.end());
  socket.write(
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
}

setInterval(() => {
  for (const [size, listeners] of streams) {
    const chunk = eventChunk(size);
    for (const socket of listeners) if (socket.writableLength < mostWaiting) socket.write(chunk);
  }
}, Number(pause));
