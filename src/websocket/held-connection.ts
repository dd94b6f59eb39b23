import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { joinPieces } from '../http/joined-readable.js';
import { Pieces } from '../http/pieces.js';
import { responseOn, takeConnection } from '../platform/assigned-response.js';

/** Bytes that a client may send behind its handshake before it is answered; more wait in its own system. */
const mostEarly = 64 * 1024;

/** How long a client whose upgrade was refused may go on sending before its connection is cut, in milliseconds. */
const lingerFor = 1_000;

/**
 * The connection of a client that asks for an upgrade, which Node's parser has let go: with a response to refuse the upgrade by,
 * and whatever the client has sent too early kept for whom it is meant.
 */
export class HeldConnection {
  readonly response: ServerResponse;
  readonly #early = new Pieces();
  readonly #keep = (chunk: Buffer): void => this.#take(chunk);
  readonly #leave = (): void => void this.socket.destroy();

  constructor(
    request: IncomingMessage,
    private readonly socket: Socket,
    head: Buffer,
  ) {
    joinPieces(socket);
    const response = (this.response = responseOn(request, socket));
    response.once('finish', () => this.#close());
    socket
      .on('error', () => {})
      .on('drain', () => response.emit('drain'))
      // A client that ends its side before it is answered has given up.
      .on('end', this.#leave)
      .on('data', this.#keep);
    if (head.length > 0) this.#take(head);
  }

  /** What has come behind the head. From now on the connection is the caller's, paused. */
  release(): Buffer {
    this.socket.off('data', this.#keep).off('end', this.#leave).pause();
    const early = this.#early.all;
    this.#early.clear();
    return early;
  }

  #take(chunk: Buffer): void {
    this.#early.add(chunk);
    if (this.#early.length >= mostEarly) this.socket.pause();
  }

  /** The refusal has been written: our side ends first, so that the client can read it. */
  #close(): void {
    const { response, socket } = this;
    takeConnection(response, socket);
    socket.off('data', this.#keep).resume().end();
    const cut = setTimeout(() => socket.destroy(), lingerFor).unref();
    socket.once('close', () => clearTimeout(cut));
    response.emit('close');
  }
}
