import { once } from 'node:events';
import net from 'node:net';
import { closeLater } from './cleanup.js';
import { within } from './poll.js';

/** A backend that takes connections which another port has accepted. */
export interface Adopter {
  adopt(socket: net.Socket): void;
}

/**
 * A port on loopback that stays, while the backend behind it is another for each test: what a gateway that several tests share
 * has for a backend. It passes no bytes on; the sockets themselves are given to the backend.
 */
export class Front {
  readonly #open = new Set<net.Socket>();
  readonly #server = net.createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    if (this.#behind === undefined) socket.destroy();
    else this.#behind.adopt(socket);
  });
  #behind: Adopter | undefined;

  /** Host and port. */
  get authority(): string {
    return `127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.authority}`;
  }

  /** From now on connections go to this backend. Those that the gateway keeps to the last one are ended first. */
  async use(behind: Adopter): Promise<void> {
    const closed = [...this.#open].map(async socket => {
      const gone = once(socket, 'close').catch(() => undefined);
      // The other side sees the end before it can ask for anything; when its own comes, it has seen it.
      socket.resume().end();
      await within(gone, 5000, 'the end of a connection that the gateway kept');
    });
    await Promise.all(closed);
    this.#behind = behind;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Stops listening and destroys every connection. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

/** Opens a port; what comes before `use` is closed at once. */
export async function startFront(): Promise<Front> {
  const front = new Front();
  await front.listen();
  closeLater(() => front.close());
  return front;
}
