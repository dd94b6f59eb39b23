import type { Socket } from 'node:net';
import { resetConnection } from '../../proxy/client/connection-reset.js';

/** How long nothing may be written to a client that has closed its side: most have gone then, and do not only wait. In milliseconds. */
const halfClosedFor = 1_000;

/** Looks each second whether a client that has closed its side is still written to. Whether it is there to read would show by that alone. */
export class HalfClosed {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly socket: Socket) {}

  watch(): void {
    const { socket } = this;
    clearTimeout(this.#timer);
    const wrote = socket.bytesWritten;
    this.#timer = setTimeout(() => {
      if (socket.bytesWritten !== wrote || socket.writableLength > 0) this.watch();
      else resetConnection(socket);
    }, halfClosedFor).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
