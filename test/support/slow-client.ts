import net from 'node:net';
import { closeLater } from './cleanup.js';

/** Clients that do as little as they can to keep their connections. */
export class SlowClientCrowd {
  /** Milliseconds from the connection to its end, of those that were cut. */
  readonly lasted: number[] = [];
  /** What each got before its end, of those that got anything. */
  readonly answers: string[] = [];
  readonly #sockets = new Set<net.Socket>();

  constructor(
    readonly count: number,
    private readonly reads: boolean,
  ) {}

  /** Connections that still stand. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Opens one connection, sends the beginning at once, and waits until it stands. */
  async join(port: number, beginning: string): Promise<void> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    if (!this.reads) socket.pause();
    const began = performance.now();
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (!this.#sockets.delete(socket)) return;
      this.lasted.push(performance.now() - began);
      if (answer !== '') this.answers.push(answer);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    this.#sockets.add(socket);
    socket.write(beginning);
  }

  /** Sends the same few bytes on each connection. */
  drip(bytes: string): void {
    for (const socket of this.#sockets) if (socket.writable) socket.write(bytes);
  }

  leave(): void {
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    for (const socket of sockets) socket.destroy();
  }
}

/** Opens `count` connections, 50 at a time. `reads`: false for clients that take nothing off their connection. They leave when the test has finished. */
export async function slowClients(
  port: number,
  count: number,
  beginning: string,
  reads = true,
): Promise<SlowClientCrowd> {
  const crowd = new SlowClientCrowd(count, reads);
  closeLater(() => crowd.leave());
  for (let opened = 0; opened < count; opened += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - opened) }, () => crowd.join(port, beginning)));
  }
  return crowd;
}
