import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { UpgradeChannel } from '../../proxy/upgrades.js';

/** Bytes that a client may send behind its head before the connection is read no further. */
const mostAhead = 64 * 1024;

function ignore(): void {}

/** A connection that Node's server has given up for an upgrade: keeps what its client sends before that is decided, and notices that the client goes. */
export class UpgradedConnection implements UpgradeChannel {
  #ahead: Buffer[] = [];
  #length = 0;
  readonly #take = (piece: Buffer): void => {
    this.#ahead.push(piece);
    this.#length += piece.length;
    if (this.#length >= mostAhead) this.socket.pause();
  };
  readonly #gone = (): void => void this.response.destroy();

  constructor(
    private readonly socket: Socket,
    head: Buffer,
    private readonly response: ServerResponse,
  ) {
    if (head.length > 0) this.#take(head);
    socket.on('error', ignore).on('data', this.#take).on('end', this.#gone);
  }

  /** Its answer ends it. */
  endWithAnswer(): void {}

  /** The end of its client is noticed. */
  endWithClient(): void {}

  takeAhead(): Buffer {
    this.socket.off('data', this.#take).off('end', this.#gone).pause();
    const all = Buffer.concat(this.#ahead);
    this.#ahead = [];
    return all;
  }
}
